#include "ashlar/tools/progress_bar.h"

#include <chrono>
#include <string>
#include <thread>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(ProgressBarTest, LineShowsShareAndTimeLeft) {
  EXPECT_EQ(ProgressLine("wc", 50, 100, 7, 40), "wc [=========>        ]  50 %, 0:07 left");
  EXPECT_EQ(ProgressLine("wc", 100, 100, 7, 40), "wc [==================] 100 %, 0:00 left");
  EXPECT_EQ(ProgressLine("wc", 1, 2, 7200, 32), "wc [===>   ]  50 %, 2:00:00 left");
}

TEST(ProgressBarTest, NothingIsConcludedFromTheFirstMoments) {
  EXPECT_EQ(ProgressLine("wc", 50, 100, 0.1, 24), "wc [======>      ]  50 %");
  EXPECT_EQ(ProgressLine("wc", 0, 0, 100, 24), "wc [>            ]   0 %");
}

TEST(ProgressBarTest, MoreThanTheTotalIsAll) {
  EXPECT_EQ(ProgressLine("wc", 150, 100, 0.1, 24), "wc [=============] 100 %");
}

TEST(ProgressBarTest, LineFitsAnyWidth) {
  for (int columns : {-1, 0, 1, 5, 10, 20, 79, 500}) {
    EXPECT_LE(static_cast<int>(ProgressLine("wordcount", 1, 3, 10, columns).size()),
              columns < 0 ? 0 : columns);
  }
}

TEST(ProgressBarTest, OffItOnlyPrints) {
  testing::internal::CaptureStderr();
  WorkloadProgress progress;
  ProgressBar bar("wc", &progress, false);
  bar.Print("a line");
  bar.Stop();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "a line\n");
}

TEST(ProgressBarTest, OnItDrawsAndClearsItsLine) {
  testing::internal::CaptureStderr();
  WorkloadProgress progress;
  progress.AddTotal(2);
  progress.AddDone(1);
  ProgressBar bar("wc", &progress, true);
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  bar.Print("a line");
  bar.Stop();
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("\r\x1b[Kwc ["), std::string::npos) << text;
  EXPECT_NE(text.find("\r\x1b[Ka line\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace ashlar
