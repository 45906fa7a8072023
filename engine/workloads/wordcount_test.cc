#include "ashlar/engine/workloads/wordcount.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "ashlar/engine/workloads/text_scan.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

class WordcountTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = testing::TempDir() + "/wordcount_" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
    auto engine = Engine::Create({.workers = 3});
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = root_ + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  absl::StatusOr<WordCounts> Count(const std::vector<std::string>& paths,
                                   const WordCountOptions& options = {}) {
    warnings_.clear();
    return CountWords(*engine_, paths, options, progress_, [this](const std::string& line) {
      std::lock_guard<std::mutex> lock(mutex_);
      warnings_.push_back(line);
    });
  }

  std::unique_ptr<Engine> engine_;
  WorkloadProgress progress_;
  std::string root_;
  std::mutex mutex_;
  std::vector<std::string> warnings_;
};

struct Expected {
  int64_t bytes = 0, lines = 0, words = 0;
  std::map<std::string, int64_t> frequencies;

  void Add(const std::string& text) {
    std::string word;
    for (char c : text + " ") {
      if (!IsAsciiSpace(c)) {
        word += c;
      } else if (!word.empty()) {
        ++words;
        ++frequencies[std::exchange(word, "")];
      }
    }
    bytes += static_cast<int64_t>(text.size());
    lines += std::count(text.begin(), text.end(), '\n');
  }
  std::vector<CountedWord> Top(std::size_t limit) const {
    std::vector<CountedWord> top;
    for (const auto& [word, count] : frequencies) top.push_back({word, count});
    std::sort(top.begin(), top.end());
    top.resize(std::min(top.size(), limit));
    return top;
  }
};

void ExpectEqual(const WordCounts& counts, const Expected& expected) {
  EXPECT_EQ(counts.totals.bytes, expected.bytes);
  EXPECT_EQ(counts.totals.lines, expected.lines);
  EXPECT_EQ(counts.totals.words, expected.words);
  EXPECT_EQ(counts.ranking.distinct, static_cast<int64_t>(expected.frequencies.size()));
  const auto top = expected.Top(20);
  ASSERT_EQ(counts.ranking.top.size(), top.size());
  for (std::size_t i = 0; i < top.size(); ++i) {
    EXPECT_EQ(counts.ranking.top[i].word, top[i].word);
    EXPECT_EQ(counts.ranking.top[i].count, top[i].count);
  }
}

std::string RandomText(std::mt19937& random, std::size_t size) {
  std::string text(size, ' ');
  for (char& c : text) {
    c = random() % 5 == 0 ? " \t\n\v\f\r"[random() % 6] : static_cast<char>('a' + random() % 3);
  }
  return text;
}

TEST_F(WordcountTest, FoldersOfFilesAgreeWithTheDefinition) {
  std::mt19937 random(1);
  Expected expected;
  for (int i = 0; i < 200; ++i) {
    const std::string text = RandomText(random, random() % 500);
    Write("d" + std::to_string(i % 7) + "/e" + std::to_string(i % 3) + "/f" + std::to_string(i),
          text);
    expected.Add(text);
  }
  Write("empty", "");
  std::string binary(5000, '\0');
  for (char& c : binary) c = static_cast<char>(random());
  expected.Add(binary);
  Write("binary", binary);

  const auto counts = Count({root_});
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->files, 202);
  EXPECT_EQ(counts->folders, 1 + 7 + 21);
  EXPECT_EQ(counts->unreadable, 0);
  EXPECT_EQ(counts->skipped, 0);
  EXPECT_EQ(counts->undercount, 0);
  ExpectEqual(*counts, expected);
  EXPECT_EQ(progress_.done(), expected.bytes);
  EXPECT_EQ(progress_.total(), expected.bytes);
}

TEST_F(WordcountTest, ChunksOfALargeFileAgreeWithTheWhole) {
  std::mt19937 random(2);
  const std::string text = RandomText(random, 30'000) + " " + std::string(10'000, 'x') + "y";
  Expected expected;
  expected.Add(text);
  expected.frequencies.erase(std::string(10'000, 'x') + "y");  // too long for a frequency
  Write("file", text);
  for (auto [chunk, buffer] : {std::pair<int64_t, std::size_t>{1, 1},
                               {7, 3},
                               {64, 64},
                               {1000, 4096},
                               {4096, 1000},
                               {100'000, 100'000}}) {
    const auto counts = Count({root_ + "/file"}, {.chunk_bytes = chunk, .buffer_bytes = buffer});
    ASSERT_TRUE(counts.ok()) << counts.status();
    ExpectEqual(*counts, expected);
    EXPECT_EQ(counts->totals.long_words, 1);
  }
}

TEST_F(WordcountTest, FileThatShrinksIsCountedAsFarAsItIsRead) {
  const std::string text = "one two three four five six seven eight nine ten";
  Write("file", text);
  std::atomic<int64_t> size{static_cast<int64_t>(text.size())};
  WordCountOptions options{.chunk_bytes = 8, .buffer_bytes = 4};
  options.read = [&](int, void* buffer, std::size_t bytes, off_t offset) -> ssize_t {
    // Loses all but 10 bytes before anything is read.
    size = 10;
    const int64_t left = std::clamp<int64_t>(size - offset, 0, static_cast<int64_t>(bytes));
    std::memcpy(buffer, text.data() + offset, static_cast<std::size_t>(left));
    return left;
  };
  const auto counts = Count({root_}, options);
  ASSERT_TRUE(counts.ok()) << counts.status();
  Expected expected;
  expected.Add(text.substr(0, 10));
  ExpectEqual(*counts, expected);
  EXPECT_EQ(counts->files, 1);
  EXPECT_EQ(counts->unreadable, 0);
}

TEST_F(WordcountTest, FileThatReallyShrinksDoesNoHarm) {
  const std::string path = Write("file", std::string(100'000, 'x'));
  WordCountOptions options{.chunk_bytes = 1000, .buffer_bytes = 1000};
  options.read = [&](int fd, void* buffer, std::size_t bytes, off_t offset) -> ssize_t {
    EXPECT_EQ(truncate(path.c_str(), 500), 0);
    return pread(fd, buffer, bytes, offset);
  };
  const auto counts = Count({root_}, options);
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->totals.bytes, 500);
  EXPECT_EQ(counts->totals.words, 1);
}

TEST_F(WordcountTest, FileThatGrowsIsReadToItsEnd) {
  const std::string path = Write("file", "one two");
  std::atomic<bool> grown{false};
  WordCountOptions options;
  options.read = [&](int fd, void* buffer, std::size_t bytes, off_t offset) -> ssize_t {
    if (!grown.exchange(true)) std::ofstream(path, std::ios::app) << "three four";
    return pread(fd, buffer, bytes, offset);
  };
  const auto counts = Count({root_}, options);
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->totals.words, 3);
  EXPECT_EQ(counts->totals.bytes, 17);
}

TEST_F(WordcountTest, ShortAndInterruptedReadsLoseNothing) {
  std::mt19937 random(3);
  const std::string text = RandomText(random, 5000);
  Write("file", text);
  std::atomic<unsigned> calls{0};
  WordCountOptions options{.chunk_bytes = 700, .buffer_bytes = 100};
  options.read = [&](int fd, void* buffer, std::size_t bytes, off_t offset) -> ssize_t {
    if (++calls % 3 == 0) {
      errno = EINTR;
      return -1;
    }
    return pread(fd, buffer, std::min<std::size_t>(bytes, 1 + calls % 50), offset);
  };
  Expected expected;
  expected.Add(text);
  const auto counts = Count({root_}, options);
  ASSERT_TRUE(counts.ok()) << counts.status();
  ExpectEqual(*counts, expected);
}

TEST_F(WordcountTest, FileThatFailsWhileItIsReadIsUnreadable) {
  Write("bad", std::string(100, 'x'));
  Write("good", "one two");
  WordCountOptions options{.chunk_bytes = 10, .buffer_bytes = 10};
  options.read = [&](int fd, void* buffer, std::size_t bytes, off_t offset) -> ssize_t {
    if (offset == 50) {
      errno = EIO;
      return -1;
    }
    return pread(fd, buffer, bytes, offset);
  };
  const auto counts = Count({root_}, options);
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->files, 1);
  EXPECT_EQ(counts->unreadable, 1);
  EXPECT_EQ(warnings_,
            std::vector<std::string>{"cannot read '" + root_ + "/bad': Input/output error"});
}

TEST_F(WordcountTest, LinksPipesAndDevicesAreSkipped) {
  Write("folder/file", "one");
  std::filesystem::create_symlink("file", root_ + "/folder/link");
  std::filesystem::create_directory_symlink("..", root_ + "/folder/loop");
  std::filesystem::create_symlink("nowhere", root_ + "/folder/dangling");
  ASSERT_EQ(mkfifo((root_ + "/folder/pipe").c_str(), 0600), 0);
  std::filesystem::create_directory_symlink("folder", root_ + "/to_folder");

  auto counts = Count({root_, "/dev/null"});
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->files, 1);
  EXPECT_EQ(counts->totals.words, 1);
  EXPECT_EQ(counts->skipped, 6);
  EXPECT_EQ(counts->unreadable, 0);

  // A link that is named is not followed either, unless a slash asks for what it leads to.
  counts = Count({root_ + "/to_folder"});
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->files, 0);
  EXPECT_EQ(counts->skipped, 1);
  counts = Count({root_ + "/to_folder/"});
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->files, 1);
}

TEST_F(WordcountTest, UnreadableThingsAreReportedAndCounted) {
  Write("file", "one");
  const std::string closed = root_ + "/closed";
  std::filesystem::create_directory(closed);
  std::filesystem::permissions(closed, std::filesystem::perms::none);
  std::filesystem::permissions(Write("secret", "two"), std::filesystem::perms::none);
  const bool enforced = geteuid() != 0;  // root may read anything
  const auto counts = Count({root_});
  std::filesystem::permissions(closed, std::filesystem::perms::owner_all);
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->files, enforced ? 1 : 2);
  EXPECT_EQ(counts->unreadable, enforced ? 2 : 0);
  EXPECT_EQ(warnings_.size(), enforced ? 2u : 0u);
}

TEST_F(WordcountTest, ReportsAreBounded) {
  for (int i = 0; i < 50; ++i) Write("f" + std::to_string(i), "x");
  WordCountOptions options;
  options.read = [](int, void*, std::size_t, off_t) -> ssize_t {
    errno = EIO;
    return -1;
  };
  const auto counts = Count({root_}, options);
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->unreadable, 50);
  EXPECT_EQ(counts->files, 0);
  ASSERT_EQ(warnings_.size(), 21u);
  EXPECT_EQ(warnings_.back(), "… and 30 more that cannot be read");
}

TEST_F(WordcountTest, MissingPathIsAnErrorBeforeAnythingIsRead) {
  Write("file", "one");
  const auto counts = Count({root_, root_ + "/missing"});
  EXPECT_EQ(counts.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(progress_.done(), 0);
}

TEST_F(WordcountTest, FileThatVanishesIsUnreadable) {
  const std::string path = Write("file", "one");
  const std::string other = Write("other", "two");
  WordCountOptions options;
  std::atomic<bool> removed{false};
  options.read = [&](int fd, void* buffer, std::size_t bytes, off_t offset) -> ssize_t {
    // Whichever is read first takes the other with it, if that is not open yet.
    if (!removed.exchange(true)) {
      unlink(path.c_str());
      unlink(other.c_str());
    }
    return pread(fd, buffer, bytes, offset);
  };
  const auto counts = Count({root_}, options);
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->files + counts->unreadable, 2);
  EXPECT_GE(counts->files, 1);
}

TEST_F(WordcountTest, WordsBeyondTheMemoryAreSaidToBeMissing) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += (i % 2 ? "often" : "rare" + std::to_string(i)) + " ";
  Write("file", text);
  const auto counts = Count({root_}, {.memory_bytes = 1 << 20});
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->totals.words, 200'000);
  EXPECT_GT(counts->undercount, 0);
  ASSERT_FALSE(counts->ranking.top.empty());
  EXPECT_EQ(counts->ranking.top[0].word, "often");
  EXPECT_LE(counts->ranking.top[0].count, 100'000);
  EXPECT_GE(counts->ranking.top[0].count + counts->undercount, 100'000);
}

}  // namespace
}  // namespace ashlar
