#include "ashlar/engine/trace.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

class TraceTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = testing::TempDir() + "/trace_" +
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    path_ = directory_ + "/trace.json";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static std::string Read(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  int FilesLeft() const {
    return static_cast<int>(std::distance(std::filesystem::directory_iterator(directory_), {}));
  }

  std::string directory_;
  std::string path_;
};

TEST_F(TraceTest, FileHoldsNamesAndSpansFromTheFirst) {
  TraceLog trace({.process_name = "a \"process\""});
  TraceLog::Track* zero = trace.AddTrack("worker 0");
  TraceLog::Track* one = trace.AddTrack("worker 1");
  one->Span("steal", 1'005'000, 1'006'500);
  zero->Span("inner", 1'002'000, 1'003'000);
  zero->Span("outer", 1'002'000, 1'009'001);
  zero->Span("backwards", 1'009'500, 1'009'400);
  ASSERT_TRUE(trace.WriteChromeTrace(path_).ok());
  EXPECT_EQ(trace.spans(), 4);
  EXPECT_EQ(trace.dropped(), 0);
  EXPECT_EQ(Read(path_),
            R"({"displayTimeUnit":"ns","otherData":{"dropped_spans":"0"},"traceEvents":[
{"ph":"M","pid":1,"tid":0,"name":"process_name","args":{"name":"a \"process\""}},
{"ph":"M","pid":1,"tid":1,"name":"thread_name","args":{"name":"worker 0"}},
{"ph":"M","pid":1,"tid":1,"name":"thread_sort_index","args":{"sort_index":1}},
{"ph":"M","pid":1,"tid":2,"name":"thread_name","args":{"name":"worker 1"}},
{"ph":"M","pid":1,"tid":2,"name":"thread_sort_index","args":{"sort_index":2}},
{"ph":"X","pid":1,"tid":1,"name":"outer","ts":0.000,"dur":7.001},
{"ph":"X","pid":1,"tid":1,"name":"inner","ts":0.000,"dur":1.000},
{"ph":"X","pid":1,"tid":1,"name":"backwards","ts":7.500,"dur":0.000},
{"ph":"X","pid":1,"tid":2,"name":"steal","ts":3.000,"dur":1.500}
]}
)");
  EXPECT_EQ(FilesLeft(), 1);
}

TEST_F(TraceTest, EmptyLogIsAValidFile) {
  ASSERT_TRUE(TraceLog().WriteChromeTrace(path_).ok());
  EXPECT_EQ(
      Read(path_),
      "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"dropped_spans\":\"0\"},\"traceEvents\":[\n"
      "{\"ph\":\"M\",\"pid\":1,\"tid\":0,\"name\":\"process_name\",\"args\":{\"name\":"
      "\"ashlar\"}}\n]}\n");
}

TEST_F(TraceTest, FullTrackKeepsTheFirstSpansAndCountsTheRest) {
  TraceLog trace({.max_spans_per_track = 5000});  // two blocks: 8192
  TraceLog::Track* track = trace.AddTrack("t");
  for (int64_t i = 0; i < 10'000; ++i) track->Span(i == 0 ? "first" : "other", i, i + 1);
  EXPECT_EQ(trace.spans(), 8192);
  EXPECT_EQ(trace.dropped(), 10'000 - 8192);
  ASSERT_TRUE(trace.WriteChromeTrace(path_).ok());
  const std::string text = Read(path_);
  EXPECT_NE(text.find("\"dropped_spans\":\"1808\""), std::string::npos);
  EXPECT_NE(text.find("\"first\""), std::string::npos);
  EXPECT_NE(text.find("\"ts\":8.191,"), std::string::npos);
  EXPECT_EQ(text.find("\"ts\":8.192,"), std::string::npos);
}

TEST_F(TraceTest, FullDiskIsResourceExhausted) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full";
  TraceLog trace;
  TraceLog::Track* track = trace.AddTrack("t");
  for (int spans : {1, 5000}) {  // seen at the close, and by a write
    for (int64_t i = 0; i < spans; ++i) track->Span("s", i, i + 1);
    const absl::Status status = trace.WriteChromeTrace("/dev/full");
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    EXPECT_NE(std::string(status.message()).find("/dev/full"), std::string::npos) << status;
  }
  struct stat device;
  ASSERT_EQ(stat("/dev/full", &device), 0);
  EXPECT_TRUE(S_ISCHR(device.st_mode));
}

TEST_F(TraceTest, PlaceThatCannotBeWrittenIsAnErrorBeforeAndAfter) {
  const std::string file = directory_ + "/file";
  std::ofstream(file) << "x";
  const TraceLog trace;
  for (const std::string& path : {directory_ + "/missing/trace.json", directory_, directory_ + "/",
                                  file + "/trace.json", std::string()}) {
    EXPECT_FALSE(TraceLog::CheckWritable(path).ok()) << path;
    EXPECT_FALSE(trace.WriteChromeTrace(path).ok()) << path;
  }
  EXPECT_EQ(TraceLog::CheckWritable(directory_ + "/missing/trace.json").code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(FilesLeft(), 1);
}

TEST_F(TraceTest, CheckWritableLeavesEverythingAsItIs) {
  EXPECT_TRUE(TraceLog::CheckWritable(path_).ok());
  EXPECT_EQ(FilesLeft(), 0);
  std::ofstream(path_) << "old";
  std::filesystem::create_symlink(path_, directory_ + "/link");
  EXPECT_TRUE(TraceLog::CheckWritable(path_).ok());
  EXPECT_TRUE(TraceLog::CheckWritable(directory_ + "/link").ok());
  EXPECT_EQ(Read(path_), "old");
  EXPECT_EQ(FilesLeft(), 2);
}

TEST_F(TraceTest, WritingThroughALinkKeepsTheLink) {
  std::ofstream(path_) << "old";
  const std::string link = directory_ + "/link";
  std::filesystem::create_symlink(path_, link);
  ASSERT_TRUE(TraceLog().WriteChromeTrace(link).ok());
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(Read(path_).substr(0, 18), "{\"displayTimeUnit\"");
}

TEST_F(TraceTest, FilesAreWrittenWhileSpansAreAdded) {
  TraceLog trace({.max_spans_per_track = 6'000});
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&trace, &stop] {
      TraceLog::Track* track = trace.AddTrack("t");
      for (int64_t i = 0; !stop.load(std::memory_order_relaxed); ++i) {
        track->Span("s", i, i + 1);
        // The writer of the files needs the processor too.
        if (i % 100 == 0) std::this_thread::yield();
      }
    });
  }
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(trace.WriteChromeTrace(path_).ok());
    const std::string text = Read(path_);
    EXPECT_EQ(text.substr(text.size() - 4), "\n]}\n");
  }
  stop.store(true, std::memory_order_relaxed);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace ashlar
