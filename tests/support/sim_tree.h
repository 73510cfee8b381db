// SimTree: the names of a simulated file system, as processes see them and as the platter has them.
//
// Making, renaming and unlinking changes the current state and adds a change to a list. SyncDirectory
// makes the changes of one directory durable, a rename between two directories as a whole (every file
// system in use keeps renames atomic). LosePower keeps the list's oldest part, or of each file's changes
// the oldest part.
// Not thread-safe: SimDisk's lock guards it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "support/sim_contents.h"

namespace hearth::sim {

// A file or a directory. Alive while a state of the tree, a pending change or an open file refers to it.
struct SimNode {
  using Entries = std::map<std::string, std::shared_ptr<SimNode>, std::less<>>;

  std::uint64_t number = 0;  // inode
  bool is_directory = false;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  SimContents contents;  // of a file
  Entries entries;       // of a directory, now
  Entries durable;       // and on the platter
  int links = 0;         // names, in the current state
  int opens = 0;

  std::uint64_t allocated() const { return is_directory ? kPageSize : contents.current().allocated(); }
};
using NodePtr = std::shared_ptr<SimNode>;

// A place in the tree: the directory, and the last component, which may not exist.
struct SimPlace {
  NodePtr directory;
  std::string name;
  NodePtr node;  // null if it does not exist
};

class SimTree {
 public:
  SimTree();

  const NodePtr& root() const { return root_; }
  // "" is the root. kInvalidArgument for absolute paths, "..", "." and empty components.
  Result<NodePtr> Find(std::string_view path) const;
  Result<SimPlace> FindPlace(std::string_view path) const;

  NodePtr Make(const SimPlace& place, bool is_directory);
  // The node that lost this name; it may be open still.
  NodePtr Unlink(const SimPlace& place);
  // The node that `to` named before, or null.
  NodePtr Rename(const SimPlace& from, const SimPlace& to);

  void SyncDirectory(const NodePtr& directory);
  // The journal commits everything (or, the oldest half) unasked.
  void CommitAll();
  void CommitSome();
  std::size_t unsynced() const { return changes_.size(); }

  // Names and contents become what survived. Handles are the caller's matter.
  void LosePower(Random& random);
  // The process is gone, and with it its open files.
  void CloseAll();

  // Path and node of everything but the root, in the current state, sorted by path.
  std::vector<std::pair<std::string, NodePtr>> All() const;
  std::uint64_t allocated() const;  // of everything that has a name

 private:
  // `node` loses the name in `from` (if set) and gets the one in `to` (if set).
  struct Change {
    NodePtr from;
    std::string from_name;
    NodePtr to;
    std::string to_name;
    NodePtr node;
  };
  static void Apply(const Change& change, SimNode::Entries SimNode::* state);
  NodePtr Record(Change change);
  std::map<std::uint64_t, std::size_t> DrawSurvivors(Random& random) const;

  NodePtr root_;
  std::uint64_t next_number_ = 1;
  std::vector<Change> changes_;
};

}  // namespace hearth::sim
