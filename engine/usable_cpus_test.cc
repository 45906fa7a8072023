#include "ashlar/engine/usable_cpus.h"

#include <sched.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

// A directory that stands for the root of a file system.
class CpuQuotaTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = testing::TempDir() + "/cpu_quota_" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = root_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  void WriteV2(const std::string& group, const std::string& mount_root = "/") {
    Write("/proc/self/cgroup", "0::" + group + "\n");
    Write("/proc/self/mountinfo",
          "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
          "30 22 0:26 " +
              mount_root +
              " /sys/fs/cgroup rw,nosuid shared:4 master:1 - cgroup2 cgroup2 rw,nsdelegate\n");
  }
  void WriteV1(const std::string& group) {
    Write("/proc/self/cgroup", "4:memory:/other\n3:cpu,cpuacct:" + group + "\n0::/\n");
    Write("/proc/self/mountinfo",
          "31 23 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
          "32 23 0:31 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n");
  }
  double Cpus() {
    const auto quota = ReadCpuQuota(root_);
    return quota ? quota->cpus : -1;
  }

  std::string root_;
};

TEST_F(CpuQuotaTest, NothingToReadIsNoQuota) { EXPECT_EQ(Cpus(), -1); }

TEST_F(CpuQuotaTest, V2QuotaIsRead) {
  WriteV2("/a/b");
  Write("/sys/fs/cgroup/a/b/cpu.max", "150000 100000\n");
  const auto quota = ReadCpuQuota(root_);
  ASSERT_TRUE(quota.has_value());
  EXPECT_DOUBLE_EQ(quota->cpus, 1.5);
  EXPECT_EQ(quota->file, root_ + "/sys/fs/cgroup/a/b/cpu.max");
}

TEST_F(CpuQuotaTest, TightestGroupUpToTheRootCounts) {
  WriteV2("/a/b/c");
  Write("/sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
  Write("/sys/fs/cgroup/a/b/cpu.max", "400000 100000\n");
  Write("/sys/fs/cgroup/a/cpu.max", "25000 10000\n");
  EXPECT_DOUBLE_EQ(Cpus(), 2.5);
  Write("/sys/fs/cgroup/cpu.max", "50000 100000\n");
  EXPECT_DOUBLE_EQ(Cpus(), 0.5);
}

TEST_F(CpuQuotaTest, V2WithoutLimitIsNoQuota) {
  WriteV2("/");
  Write("/sys/fs/cgroup/cpu.max", "max 100000\n");
  EXPECT_EQ(Cpus(), -1);
}

TEST_F(CpuQuotaTest, MountThatShowsASubtreeIsReadFromItsTop) {
  WriteV2("/docker/1234/inner", "/docker/1234");
  Write("/sys/fs/cgroup/cpu.max", "300000 100000\n");
  Write("/sys/fs/cgroup/inner/cpu.max", "200000 100000\n");
  EXPECT_DOUBLE_EQ(Cpus(), 2);
}

TEST_F(CpuQuotaTest, GroupOutsideOfTheMountCountsAsItsTop) {
  for (const char* group : {"/docker/12345", "/else", "/../..", "/"}) {
    WriteV2(group, "/docker/1234");
    Write("/sys/fs/cgroup/cpu.max", "300000 100000\n");
    EXPECT_DOUBLE_EQ(Cpus(), 3) << group;
  }
}

TEST_F(CpuQuotaTest, MountPointWithASpaceIsUnescaped) {
  Write("/proc/self/cgroup", "0::/\n");
  Write("/proc/self/mountinfo", "30 22 0:26 / /my\\040groups rw - cgroup2 cgroup2 rw\n");
  Write("/my groups/cpu.max", "100000 100000\n");
  EXPECT_DOUBLE_EQ(Cpus(), 1);
}

TEST_F(CpuQuotaTest, V1QuotaIsRead) {
  WriteV1("/job");
  Write("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "250000\n");
  Write("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  Write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  Write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_DOUBLE_EQ(Cpus(), 2.5);
}

TEST_F(CpuQuotaTest, V1QuotaWithoutPeriodIsIgnored) {
  WriteV1("/");
  Write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "250000\n");
  EXPECT_EQ(Cpus(), -1);
}

TEST_F(CpuQuotaTest, MalformedLimitsLimitNothing) {
  WriteV2("/");
  for (const char* text :
       {"", "\n", " ", "100000", "100000 ", "100000 0\n", "0 100000\n", "-1 100000\n",
        "ten 100000\n", "1e5 100000\n", "100000 100000 1\n", "99999999999999999999 100000\n",
        "100000 99999999999999999999\n", "100000\n100000\n", "\xff\xfe 1\n"}) {
    Write("/sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(Cpus(), -1) << '"' << text << '"';
  }
}

TEST_F(CpuQuotaTest, MalformedTablesLimitNothing) {
  for (const char* table : {"", "\n\n\n", ":", "::", "0", "0:", "garbage", "30 22", " - ", "-",
                            "30 22 0:26 / /sys - cgroup2", "\\1", "0::"}) {
    WriteV2("/");
    Write("/sys/fs/cgroup/cpu.max", "100000 100000\n");
    Write("/proc/self/cgroup", table);
    EXPECT_EQ(Cpus(), -1) << table;
    WriteV2("/");
    Write("/proc/self/mountinfo", table);
    EXPECT_EQ(Cpus(), -1) << table;
  }
}

TEST_F(CpuQuotaTest, DirectoryInPlaceOfAFileIsIgnored) {
  WriteV2("/");
  std::filesystem::create_directories(root_ + "/sys/fs/cgroup/cpu.max");
  EXPECT_EQ(Cpus(), -1);
}

TEST(UsableCpusTest, MachineIsTheLimitWhereNothingElseIs) {
  const UsableCpus usable = CombineCpuLimits(4, {0, 1, 2, 3}, std::nullopt);
  EXPECT_EQ(usable.count, 4);
  EXPECT_EQ(usable.limit, CpuLimit::kMachine);
  EXPECT_EQ(usable.Describe(), "4 of 4 CPUs: no limit but the machine");
}

TEST(UsableCpusTest, UnknownMaskLimitsNothing) {
  EXPECT_EQ(CombineCpuLimits(4, {}, std::nullopt).count, 4);
}

TEST(UsableCpusTest, MaskLimits) {
  const UsableCpus usable = CombineCpuLimits(8, {2, 5}, CpuQuota{2, "f"});
  EXPECT_EQ(usable.count, 2);
  EXPECT_EQ(usable.limit, CpuLimit::kAffinity);
  EXPECT_EQ(usable.Describe(), "2 of 8 CPUs: affinity mask");
}

TEST(UsableCpusTest, QuotaIsRoundedUpAndNeverBelowOne) {
  EXPECT_EQ(CombineCpuLimits(8, {}, CpuQuota{2.01, "f"}).count, 3);
  EXPECT_EQ(CombineCpuLimits(8, {}, CpuQuota{2, "f"}).count, 2);
  EXPECT_EQ(CombineCpuLimits(8, {}, CpuQuota{0.01, "f"}).count, 1);
  EXPECT_EQ(CombineCpuLimits(8, {}, CpuQuota{1e18, "f"}).count, 8);
  const UsableCpus usable = CombineCpuLimits(8, {0, 1, 2, 3}, CpuQuota{1.5, "/x/cpu.max"});
  EXPECT_EQ(usable.limit, CpuLimit::kQuota);
  EXPECT_EQ(usable.Describe(), "2 of 8 CPUs: cgroup quota of 1.5 CPUs (/x/cpu.max)");
}

TEST(UsableCpusTest, DetectHonoursTheCallersMask) {
  // In a thread of its own, so that the mask of the others stays.
  std::thread([] {
    const std::vector<int> before = ReadAffinity();
    ASSERT_FALSE(before.empty());
    EXPECT_LE(UsableCpus::Detect().count, static_cast<int>(before.size()));
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(before.back(), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    EXPECT_EQ(UsableCpus::Detect().count, 1);
    EXPECT_EQ(ReadAffinity(), std::vector<int>{before.back()});
  }).join();
}

}  // namespace
}  // namespace ashlar
