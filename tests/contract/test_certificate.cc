#include "contract/test_certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>

#include "base/check.h"

namespace hearth::contract {
namespace {

void AddExtension(X509* certificate, int nid, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
  HEARTH_CHECK(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

}  // namespace

TestCertificate MakeTestCertificate(const std::string& directory) {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(X509_new(), &X509_free);
  HEARTH_CHECK(key != nullptr && certificate != nullptr);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("hearth test"), -1, -1,
                             0);
  X509_set_issuer_name(certificate.get(), name);
  AddExtension(certificate.get(), NID_subject_alt_name, "IP:127.0.0.1");
  AddExtension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  HEARTH_CHECK(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);

  TestCertificate files{directory + "/certificate.pem", directory + "/key.pem"};
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  const File certificate_file(std::fopen(files.certificate_file.c_str(), "w"), &std::fclose);
  const File key_file(std::fopen(files.key_file.c_str(), "w"), &std::fclose);
  HEARTH_CHECK(certificate_file != nullptr && PEM_write_X509(certificate_file.get(), certificate.get()) == 1);
  HEARTH_CHECK(key_file != nullptr &&
               PEM_write_PrivateKey(key_file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return files;
}

}  // namespace hearth::contract
