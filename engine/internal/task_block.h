// TaskBlock: a submitted task, its state and its result, in one cache line.
//
// The callable lies in the block and the result later takes its place; what is larger
// than the room there lies on the heap.
#ifndef ASHLAR_ENGINE_INTERNAL_TASK_BLOCK_H_
#define ASHLAR_ENGINE_INTERNAL_TASK_BLOCK_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <new>
#include <type_traits>
#include <utility>

#include "ashlar/base/check.h"
#include "ashlar/engine/internal/queued_task.h"
#include "ashlar/engine/internal/task_pool.h"
#include "ashlar/engine/internal/task_word.h"
#include "ashlar/engine/internal/trail.h"
#include "ashlar/engine/internal/worker.h"

namespace ashlar::internal {

struct TaskBlock : QueuedTask {
  // While nobody may help: higher than any fork's index.
  static constexpr std::uint32_t kNoFloor = ~std::uint32_t{0};

  explicit TaskBlock(const TaskType* task_type, std::uint32_t holders) : state(holders) {
    type = task_type;
    ahead = trail_.Record(this);
  }

  TaskWord<> state;
  // The first index in the runner's forks that belongs to this task: a worker that waits
  // for the task may help with those. A hint that is late does no harm.
  std::atomic<std::uint32_t> floor{kNoFloor};
  alignas(8) std::byte room[TaskPool::kBlockSize - 32];

 private:
  // A thread's tasks in the order in which it makes them, which is that of the inbox.
  static inline thread_local constinit Trail<const QueuedTask> trail_
      [[gnu::tls_model("initial-exec")]];
};
static_assert(sizeof(TaskBlock) == TaskPool::kBlockSize);

// What else can be done with a block, knowing its types.
struct BlockType : TaskType {
  void (*execute)(TaskBlock* block);      // claimed: runs it and lets go
  void (*drop_result)(TaskBlock* block);  // completed: destroys what nobody took
  const void* result_tag;
};
inline const BlockType& TypeOf(const TaskBlock& block) {
  return *static_cast<const BlockType*>(block.type);
}

// One address for each result type.
template <class R>
inline constexpr char kResultTag = 0;

// A T in a block's room, or on the heap if it is too large.
template <class T>
struct Room {
  static constexpr bool kFits = sizeof(T) <= sizeof(TaskBlock::room) && alignof(T) <= 8;

  template <class... Args>
  static void Put(TaskBlock* block, Args&&... args) {
    if constexpr (kFits) {
      ::new (block->room) T(std::forward<Args>(args)...);
    } else {
      ::new (block->room) T*(new T(std::forward<Args>(args)...));
    }
  }
  static T& Get(TaskBlock* block) {
    if constexpr (kFits) {
      return *std::launder(reinterpret_cast<T*>(block->room));
    } else {
      return **std::launder(reinterpret_cast<T**>(block->room));
    }
  }
  static void Clear(TaskBlock* block) {
    if constexpr (kFits) {
      Get(block).~T();
    } else {
      delete &Get(block);
    }
  }
};

inline void FreeBlock(TaskBlock* block) {
  block->~TaskBlock();
  TaskPool::Free(block);
}

// Lets go of a finished block's last hold, with whatever is still in it.
inline void DisposeOf(TaskBlock* block) {
  switch (block->state.phase()) {
    case TaskPhase::kCompleted:
      TypeOf(*block).drop_result(block);
      break;
    case TaskPhase::kFailed:
      Room<std::exception_ptr>::Clear(block);
      break;
    default:
      break;
  }
  FreeBlock(block);
}

inline void LetGo(TaskBlock* block) {
  if (block->state.DropHolder()) DisposeOf(block);
}

inline void Finish(TaskBlock* block, TaskPhase phase) {
  const auto finished = block->state.Finish(phase);
  if (finished.last) {
    DisposeOf(block);
  } else if (finished.waiters) [[unlikely]] {
    block->state.Wake();
  }
}

// R: what the callable gives, decayed; void where it gives nothing.
template <class F, class R>
struct BlockOf {
  static void Run(QueuedTask* task) {
    auto* const block = static_cast<TaskBlock*>(task);
    const Worker* const worker = Worker::Current();
    if (block->state.TryClaim(static_cast<std::uint32_t>(worker->index()))) {
      Execute(block);
    } else {
      LetGo(block);
    }
  }

  static void Cancel(QueuedTask* task) {
    auto* const block = static_cast<TaskBlock*>(task);
    if (block->state.TryCancel()) {
      Room<F>::Clear(block);
      Finish(block, TaskPhase::kCancelled);
    } else {
      LetGo(block);
    }
  }

  static void Execute(TaskBlock* block) {
    if (Worker* const worker = Worker::Current()) {
      block->floor.store(worker->forks().NextIndex(), std::memory_order_relaxed);
    }
    try {
      if constexpr (std::is_void_v<R>) {
        std::invoke(std::move(Room<F>::Get(block)));
        Room<F>::Clear(block);
      } else {
        R result = std::invoke(std::move(Room<F>::Get(block)));
        Room<F>::Clear(block);
        // The callable is gone; if this throws, the handler must not clear it again.
        try {
          Room<R>::Put(block, std::move(result));
        } catch (...) {
          return Fail(block, std::current_exception());
        }
      }
    } catch (...) {
      std::exception_ptr error = std::current_exception();
      Room<F>::Clear(block);
      return Fail(block, std::move(error));
    }
    Finish(block, TaskPhase::kCompleted);
  }

  static void Fail(TaskBlock* block, std::exception_ptr error) {
    Room<std::exception_ptr>::Put(block, std::move(error));
    Finish(block, TaskPhase::kFailed);
  }

  static void DropResult(TaskBlock* block) {
    if constexpr (!std::is_void_v<R>) Room<R>::Clear(block);
  }

  static constexpr BlockType kType = {
      {.run = &Run, .cancel = &Cancel}, &Execute, &DropResult, &kResultTag<R>};
};

}  // namespace ashlar::internal

#endif  // ASHLAR_ENGINE_INTERNAL_TASK_BLOCK_H_
