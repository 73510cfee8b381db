#include "support/sim_tree.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <set>

#include "base/bytes.h"
#include "base/check.h"

namespace hearth::sim {
namespace {

using Visitor = std::function<void(const std::string& path, const NodePtr& node)>;

void Walk(const SimNode& directory, const std::string& prefix, const Visitor& visit) {
  for (const auto& [name, node] : directory.entries) {
    std::string path = prefix;
    if (!path.empty()) path += '/';
    path += name;
    visit(path, node);
    if (node->is_directory) Walk(*node, path, visit);
  }
}

Result<std::vector<std::string_view>> Split(std::string_view path) {
  std::vector<std::string_view> parts;
  if (path.empty()) return parts;
  for (std::string_view rest = path;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == ".." || part.contains('\0')) {
      return Fail(Code::kInvalidArgument, "not a plain relative path: " + std::string(path));
    }
    if (part.size() > 255) return Fail(ErrorFromErrno(ENAMETOOLONG, path));
    parts.push_back(part);
    if (slash == std::string_view::npos) return parts;
    rest.remove_prefix(slash + 1);
  }
}

}  // namespace

SimTree::SimTree() : root_(std::make_shared<SimNode>()) {
  root_->number = next_number_++;
  root_->is_directory = true;
  root_->links = 1;
}

Result<NodePtr> SimTree::Find(std::string_view path) const {
  auto parts = Split(path);
  if (!parts) return Fail(parts.error());
  NodePtr node = root_;
  for (const std::string_view part : *parts) {
    if (!node->is_directory) return Fail(ErrorFromErrno(ENOTDIR, path));
    const auto entry = node->entries.find(part);
    if (entry == node->entries.end()) return Fail(ErrorFromErrno(ENOENT, path));
    node = entry->second;
  }
  return node;
}

Result<SimPlace> SimTree::FindPlace(std::string_view path) const {
  const auto parts = Split(path);
  if (!parts) return Fail(parts.error());
  if (parts->empty()) return Fail(Code::kInvalidArgument, "the root has no name");
  const std::string_view name = parts->back();
  const std::size_t above = path.size() - name.size();
  auto directory = Find(above == 0 ? "" : path.substr(0, above - 1));
  if (!directory) return Fail(directory.error());
  if (!(*directory)->is_directory) return Fail(ErrorFromErrno(ENOTDIR, path));
  const auto entry = (*directory)->entries.find(name);
  return SimPlace{*directory, std::string(name), entry == (*directory)->entries.end() ? nullptr : entry->second};
}

void SimTree::Apply(const Change& change, SimNode::Entries SimNode::* state) {
  if (change.from) {
    SimNode::Entries& from = (*change.from).*state;
    const auto entry = from.find(change.from_name);
    // After a loss the name may belong to another file, whose making survived.
    if (entry != from.end() && entry->second == change.node) from.erase(entry);
  }
  if (change.to) ((*change.to).*state)[change.to_name] = change.node;
}

// Returns the node that lost the name `to` by this.
NodePtr SimTree::Record(Change change) {
  NodePtr replaced;
  if (change.to) {
    const auto entry = change.to->entries.find(change.to_name);
    if (entry != change.to->entries.end()) replaced = entry->second;
  }
  Apply(change, &SimNode::entries);
  changes_.push_back(std::move(change));
  return replaced;
}

NodePtr SimTree::Make(const SimPlace& place, bool is_directory) {
  HEARTH_CHECK(place.node == nullptr);
  auto node = std::make_shared<SimNode>();
  node->number = next_number_++;
  node->is_directory = is_directory;
  node->links = 1;
  Record({nullptr, {}, place.directory, place.name, node});
  return node;
}

NodePtr SimTree::Unlink(const SimPlace& place) {
  HEARTH_CHECK(place.node != nullptr);
  Record({place.directory, place.name, nullptr, {}, place.node});
  --place.node->links;
  return place.node;
}

NodePtr SimTree::Rename(const SimPlace& from, const SimPlace& to) {
  HEARTH_CHECK(from.node != nullptr);
  if (from.node == to.node) return nullptr;
  NodePtr replaced = Record({from.directory, from.name, to.directory, to.name, from.node});
  if (replaced) --replaced->links;
  return replaced;
}

// With each change goes what happened to the same file before it, in whatever directory: a file that is
// durable under its new name must not come back under its old one.
void SimTree::SyncDirectory(const NodePtr& directory) {
  std::set<std::uint64_t> files;
  std::vector<bool> durable(changes_.size());
  for (std::size_t i = changes_.size(); i-- > 0;) {
    const Change& change = changes_[i];
    if (change.from == directory || change.to == directory) files.insert(change.node->number);
    durable[i] = files.contains(change.node->number);
  }
  std::vector<Change> kept;
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    if (durable[i]) {
      Apply(changes_[i], &SimNode::durable);
    } else {
      kept.push_back(std::move(changes_[i]));
    }
  }
  changes_ = std::move(kept);
}

void SimTree::CommitAll() {
  for (const Change& change : changes_) Apply(change, &SimNode::durable);
  changes_.clear();
}

void SimTree::CommitSome() {
  const auto middle = changes_.begin() + static_cast<std::ptrdiff_t>(DivideUp(changes_.size(), 2));
  for (auto change = changes_.begin(); change != middle; ++change) Apply(*change, &SimNode::durable);
  changes_.erase(changes_.begin(), middle);
}

// How many of its changes each file keeps, by inode: in a weak file system files are out of order with
// each other, but each file's own changes are not (else it could end with two names, or with none).
std::map<std::uint64_t, std::size_t> SimTree::DrawSurvivors(Random& random) const {
  std::map<std::uint64_t, std::size_t> changes_of;
  for (const Change& change : changes_) ++changes_of[change.node->number];
  for (auto& [number, count] : changes_of) count = random.Below(count + 1);
  return changes_of;
}

void SimTree::LosePower(Random& random) {
  const bool in_order = random.OneIn(2);  // a journal; else nothing is promised between files
  const std::size_t oldest = random.Below(changes_.size() + 1);
  auto survivors = DrawSurvivors(random);
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    std::size_t& left = survivors[changes_[i].node->number];
    if (in_order ? i < oldest : left > 0) Apply(changes_[i], &SimNode::durable);
    if (left > 0) --left;
  }
  changes_.clear();

  root_->entries = root_->durable;
  Walk(*root_, "", [&](const std::string&, const NodePtr& node) {
    node->entries = node->durable;
    node->links = 0;
    if (!node->is_directory) node->contents.LosePower(random);
  });
  Walk(*root_, "", [](const std::string&, const NodePtr& node) { ++node->links; });
}

void SimTree::CloseAll() {
  Walk(*root_, "", [](const std::string&, const NodePtr& node) { node->opens = 0; });
}

std::vector<std::pair<std::string, NodePtr>> SimTree::All() const {
  std::vector<std::pair<std::string, NodePtr>> all;
  Walk(*root_, "", [&](const std::string& path, const NodePtr& node) { all.emplace_back(path, node); });
  return all;
}

std::uint64_t SimTree::allocated() const {
  std::uint64_t bytes = root_->allocated();
  Walk(*root_, "", [&](const std::string&, const NodePtr& node) { bytes += node->allocated(); });
  return bytes;
}

}  // namespace hearth::sim
