#include "support/sim_tree.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "support/seeds.h"

namespace hearth::sim {
namespace {

NodePtr Make(SimTree& tree, std::string_view path, bool is_directory = false) {
  return tree.Make(*tree.FindPlace(path), is_directory);
}

void Rename(SimTree& tree, std::string_view from, std::string_view to) {
  tree.Rename(*tree.FindPlace(from), *tree.FindPlace(to));
}

// "a=2 d/ d/b=3": names and inode numbers.
std::string Describe(const SimTree& tree) {
  std::string text;
  for (const auto& [path, node] : tree.All()) {
    text += (text.empty() ? "" : " ") + path + (node->is_directory ? "/" : "=" + std::to_string(node->number));
  }
  return text;
}

template <typename Prepare>
std::set<std::string> Outcomes(Prepare prepare) {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SimTree tree;
    prepare(tree);
    Random random(seed);
    tree.LosePower(random);
    outcomes.insert(Describe(tree));
  }
  return outcomes;
}

TEST(SimTree, NamesThatWereNotSyncedMayBeLostInAnyCombination) {
  const auto outcomes = Outcomes([](SimTree& tree) {
    Make(tree, "a");
    Make(tree, "b");
  });
  EXPECT_EQ(outcomes, (std::set<std::string>{"", "a=2", "b=3", "a=2 b=3"}));
}

TEST(SimTree, SyncDirectoryKeepsTheNamesOfThatDirectoryOnly) {
  const auto outcomes = Outcomes([](SimTree& tree) {
    Make(tree, "d", true);
    tree.SyncDirectory(tree.root());
    Make(tree, "d/b");
    Make(tree, "a");
    tree.SyncDirectory(*tree.Find("d"));
  });
  EXPECT_EQ(outcomes, (std::set<std::string>{"d/ d/b=3", "a=4 d/ d/b=3"}));
}

TEST(SimTree, ADirectoryWhoseOwnNameWasNotSyncedMayVanishWithWhatIsInIt) {
  const auto outcomes = Outcomes([](SimTree& tree) {
    Make(tree, "d", true);
    Make(tree, "d/b");
    tree.SyncDirectory(*tree.Find("d"));
  });
  EXPECT_EQ(outcomes, (std::set<std::string>{"", "d/ d/b=3"}));
}

TEST(SimTree, ARenameHappensWhollyOrNotAtAll) {
  const auto outcomes = Outcomes([](SimTree& tree) {
    Make(tree, "new");
    Make(tree, "old");
    tree.SyncDirectory(tree.root());
    Rename(tree, "new", "old");
  });
  EXPECT_EQ(outcomes, (std::set<std::string>{"new=2 old=3", "old=2"}));
}

TEST(SimTree, ARenameBetweenDirectoriesIsDurableOnceEitherIsSynced) {
  for (const char* synced : {"d", "e"}) {
    const auto outcomes = Outcomes([&](SimTree& tree) {
      Make(tree, "d", true);
      Make(tree, "e", true);
      tree.SyncDirectory(tree.root());
      Make(tree, "d/f");
      Rename(tree, "d/f", "e/f");
      tree.SyncDirectory(*tree.Find(synced));
    });
    EXPECT_EQ(outcomes, (std::set<std::string>{"d/ e/ e/f=4"})) << synced;
  }
}

TEST(SimTree, AnUnlinkThatWasNotSyncedMayComeBack) {
  const auto outcomes = Outcomes([](SimTree& tree) {
    Make(tree, "a");
    tree.SyncDirectory(tree.root());
    tree.Unlink(*tree.FindPlace("a"));
  });
  EXPECT_EQ(outcomes, (std::set<std::string>{"", "a=2"}));
}

TEST(SimTree, NoFileEverHasTwoNames) {
  for (const std::uint64_t seed : TestSeeds(300)) {
    SCOPED_TRACE(SeedText(seed));
    Random random(seed);
    SimTree tree;
    Make(tree, "d", true);
    tree.SyncDirectory(tree.root());
    const std::array<std::string, 6> names = {"a", "b", "c", "d/a", "d/b", "d/c"};
    for (int step = 0; step < 30; ++step) {
      const SimPlace place = *tree.FindPlace(names[random.Below(6)]);
      const SimPlace other = *tree.FindPlace(names[random.Below(6)]);
      switch (random.Below(5)) {
        case 0: tree.SyncDirectory(place.directory); break;
        case 1:
          if (place.node) tree.Unlink(place);
          break;
        case 2:
          if (place.node) tree.Rename(place, other);
          break;
        default:
          if (!place.node) tree.Make(place, false);
      }
    }
    tree.LosePower(random);
    std::set<std::uint64_t> seen;
    for (const auto& [path, node] : tree.All()) {
      EXPECT_TRUE(seen.insert(node->number).second) << path;
      EXPECT_EQ(node->links, 1) << path;
    }
  }
}

TEST(SimTree, PathsMustBePlain) {
  SimTree tree;
  Make(tree, "f");
  for (const std::string_view path : {"/f", "f/", "a//b", "..", ".", "a/../b"}) {
    EXPECT_EQ(tree.FindPlace(path).error().code(), Code::kInvalidArgument) << path;
  }
  EXPECT_EQ(tree.Find("g").error().code(), Code::kNotFound);
  EXPECT_EQ(tree.Find("f/g").error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace hearth::sim
