// rule.h
// ------
// Rule: the parts that the memory model and the exploration consist of. For testing the
// tests: each can be left out (Options::without), which some litmus test must notice.
#ifndef ASHLAR_VERIFICATION_RC11_RULE_H_
#define ASHLAR_VERIFICATION_RC11_RULE_H_

#include <cstdint>

namespace ashlar::verification::rc11 {

enum class Rule : std::uint8_t {
  kNone,

  // axioms.h: coherence, towards writes that happen before and towards what was read.
  kCoherenceWithWrites,
  kCoherenceWithReads,
  // A read-modify-write's write follows what it read; nothing is put between later.
  kAtomicityOfNew,
  kAtomicityOfOld,

  // graph.h: what synchronises.
  kAcquireRead,
  kAcquireFence,
  kReleaseWrite,
  kReleaseFence,
  kReleaseSequence,
  kFailureOrder,
  kLightAcquires,
  kLightReleases,

  // axioms.h: the order of seq_cst operations, and the parts of its relations.
  kSeqCst,
  kScbSb,
  kScbSbHbSb,
  kScbHbOnLocation,
  kMo,
  kFr,
  kPscHbAfterFence,
  kPscHbBeforeFence,
  kPscFenceHb,
  kPscFenceEco,
  kPscAsymmetric,

  // explorer.h: the places of a write, the revisits, and when a read is revisited.
  kOlderPlaces,
  kRevisits,
  kMaximalRead,
  kMaximalWriteIsNewest,
  kMaximalWriteIsUnread,

  kCount,
};

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_RULE_H_
