// Sequences of calls of a pool against a list of the blocks that it gave out: they are aligned,
// apart, keep what was written into them, and there are as many as the limit says.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "ashlar/base/check.h"
#include "ashlar/memory/block_pool.h"
#include "ashlar/memory/slab_source_for_test.h"

namespace ashlar {
namespace {

template <class Pool>
class Model {
 public:
  Model(std::size_t bytes, std::size_t alignment, std::size_t limit, std::size_t magazine)
      : bytes_(bytes),
        alignment_(alignment),
        limit_(limit),
        pool_({.bytes = bytes,
               .alignment = alignment,
               .limit = limit,
               .magazine = magazine,
               .source = source_}) {}
  ~Model() {
    while (!blocks_.empty()) Free(0);
  }

  void Step(std::uint8_t what, std::uint8_t count) {
    switch (what % 4) {
      case 0:
      case 1:
        for (int i = 0; i <= count; ++i) Allocate();
        return;
      case 2:
        for (int i = 0; i <= count && !blocks_.empty(); ++i) {
          Free((what / 4 + static_cast<std::size_t>(i) * 7) % blocks_.size());
        }
        return;
      default:
        pool_.Trim();
        if (blocks_.empty()) ASHLAR_CHECK(source_.Bytes() == 0);
    }
  }

  void CheckInvariants() {
    ASHLAR_CHECK(source_.Bytes() == pool_.ReservedBytes());
    for (const Block& block : blocks_) Check(block);
  }

 private:
  struct Block {
    unsigned char* begin;
    unsigned char fill;
  };

  void Allocate() {
    auto* const begin = static_cast<unsigned char*>(pool_.Allocate());
    ASHLAR_CHECK((begin != nullptr) == (blocks_.size() < limit_));
    if (begin == nullptr) return;
    ASHLAR_CHECK(reinterpret_cast<std::uintptr_t>(begin) % alignment_ == 0);
    // Overlapping ones change each other.
    std::memset(begin, ++fill_, bytes_);
    blocks_.push_back({begin, fill_});
  }

  void Free(std::size_t index) {
    Check(blocks_[index]);
    pool_.Free(blocks_[index].begin);
    blocks_[index] = blocks_.back();
    blocks_.pop_back();
  }

  void Check(const Block& block) const {
    ASHLAR_CHECK(block.begin[0] == block.fill && block.begin[bytes_ - 1] == block.fill);
  }

  const std::size_t bytes_;
  const std::size_t alignment_;
  const std::size_t limit_;
  unsigned char fill_ = 0;
  LimitedSource source_;
  std::vector<Block> blocks_;
  Pool pool_;
};

template <class Pool>
void Run(const std::uint8_t* data, std::size_t size) {
  Model<Pool> model(1 + data[0] * static_cast<std::size_t>(1 + data[1] % 4),
                    std::size_t{1} << data[1] % 13, data[2] * std::size_t{4},
                    data[3] * std::size_t{3});
  for (std::size_t i = 5; i + 1 < size; i += 2) {
    model.Step(data[i], data[i + 1]);
    model.CheckInvariants();
  }
}

}  // namespace
}  // namespace ashlar

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 5 || size > 100) return 0;
  if (data[4] % 2 == 0) {
    ashlar::Run<ashlar::BasicBlockPool<false>>(data, size);
  } else {
    ashlar::Run<ashlar::BasicBlockPool<true>>(data, size);
  }
  return 0;
}
