// Not Ashlar's.
#ifndef DOWNSTREAM_CONCURRENCY_CHASE_LEV_DEQUE_H_
#define DOWNSTREAM_CONCURRENCY_CHASE_LEV_DEQUE_H_

namespace downstream {

inline constexpr int kNamesake = 1;

}  // namespace downstream

#endif  // DOWNSTREAM_CONCURRENCY_CHASE_LEV_DEQUE_H_
