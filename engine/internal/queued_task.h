// What the scheduler's queues hold: an intrusive task that knows how to run itself.
#ifndef ASHLAR_ENGINE_INTERNAL_QUEUED_TASK_H_
#define ASHLAR_ENGINE_INTERNAL_QUEUED_TASK_H_

namespace ashlar::internal {

struct QueuedTask;

// What can be done with a queued task. Each entry takes the queue's share of the
// task: the scheduler does not touch the task afterwards. Neither may throw.
struct TaskType {
  void (*run)(QueuedTask* task);
  void (*cancel)(QueuedTask* task);
};

struct QueuedTask {
  QueuedTask* next = nullptr;  // the inbox's link; plain, published by the inbox
  const TaskType* type = nullptr;
  const QueuedTask* ahead = nullptr;  // probably further along `next`; to be prefetched only
};

}  // namespace ashlar::internal

#endif  // ASHLAR_ENGINE_INTERNAL_QUEUED_TASK_H_
