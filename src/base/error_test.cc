#include "base/error.h"

#include <cerrno>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace hearth {
namespace {

TEST(Error, EveryCodeHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(Code::kInternal); ++code) names.insert(CodeName(static_cast<Code>(code)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Code::kInternal) + 1);
  EXPECT_FALSE(names.contains("unknown"));
}

TEST(Error, ContextStandsInFrontOfTheMessage) {
  Error error = Error(Code::kNoSpace, "the disk is full").With("write block 7").With("fill");
  EXPECT_EQ(error.message(), "fill: write block 7: the disk is full");
  EXPECT_EQ(error.ToString(), "no_space: fill: write block 7: the disk is full");
  EXPECT_EQ(error.code(), Code::kNoSpace);
}

TEST(Error, WhatARemoteServerSaidSurvivesContextAndCopies) {
  Error error(Code::kNotFound, "no object", RemoteError{404, "NoSuchKey", "The key does not exist"});
  const Error copy = std::move(error).With("head");
  ASSERT_NE(copy.remote(), nullptr);
  EXPECT_EQ(copy.remote()->status, 404);
  EXPECT_EQ(copy.remote()->code, "NoSuchKey");
  EXPECT_EQ(copy.remote()->message, "The key does not exist");
  EXPECT_EQ(copy.ToString(), "not_found: head: no object");
}

TEST(Error, AnOwnErrorHasNoRemote) { EXPECT_EQ(Error(Code::kInternal, "broken").remote(), nullptr); }

TEST(Error, ErrnoMapsToWhatTheCallerDoesNext) {
  EXPECT_EQ(ErrorFromErrno(ENOENT, "open").code(), Code::kNotFound);
  EXPECT_EQ(ErrorFromErrno(ENOSPC, "write").code(), Code::kNoSpace);
  EXPECT_EQ(ErrorFromErrno(EDQUOT, "write").code(), Code::kNoSpace);
  EXPECT_EQ(ErrorFromErrno(EACCES, "open").code(), Code::kPermissionDenied);
  EXPECT_EQ(ErrorFromErrno(EPERM, "open").code(), Code::kPermissionDenied);
  EXPECT_EQ(ErrorFromErrno(EINVAL, "open").code(), Code::kInvalidArgument);
  EXPECT_EQ(ErrorFromErrno(ENAMETOOLONG, "open").code(), Code::kInvalidArgument);
  EXPECT_EQ(ErrorFromErrno(EIO, "read").code(), Code::kUnavailable);
  EXPECT_EQ(ErrorFromErrno(ECONNREFUSED, "connect").code(), Code::kUnavailable);
}

TEST(Error, AnErrnoSaysCallAndPlace) {
  EXPECT_EQ(ErrorFromErrno(ENOENT, "open /var/lib/hearth/lock").message(),
            "open /var/lib/hearth/lock: No such file or directory");
}

}  // namespace
}  // namespace hearth
