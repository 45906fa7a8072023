// TaskTree: what lives under a group besides its own tasks, for DumpTasks: other groups, and what
// else says what it is waiting for, such as coroutines.
//
// Each group has one; there is none for the process. An entry is in one tree at most, and adds and
// removes itself. Thread safety: any. Blocking: a Remove waits for a Describe that is under way.
#ifndef ASHLAR_SCHEDULING_INTERNAL_TASK_TREE_H_
#define ASHLAR_SCHEDULING_INTERNAL_TASK_TREE_H_

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

namespace ashlar::internal {

class TaskTree {
 public:
  class Entry {
   public:
    // Appends lines that say what it is and what it waits for, each after `indent` spaces. Takes no
    // lock under which entries are added to the tree that it is in.
    virtual void Describe(std::string& text, std::size_t indent) = 0;

   protected:
    Entry() = default;
    ~Entry() = default;

   private:
    friend TaskTree;
    Entry* next_ = nullptr;
    Entry** previous_ = nullptr;
  };

  // Described in the order in which they are added.
  void Add(Entry& entry) {
    const std::lock_guard lock(mutex_);
    entry.next_ = nullptr;
    entry.previous_ = last_;
    *last_ = &entry;
    last_ = &entry.next_;
  }
  void Remove(Entry& entry) {
    const std::lock_guard lock(mutex_);
    *entry.previous_ = entry.next_;
    (entry.next_ != nullptr ? entry.next_->previous_ : last_) = entry.previous_;
  }
  void Describe(std::string& text, std::size_t indent) {
    const std::lock_guard lock(mutex_);
    for (Entry* entry = first_; entry != nullptr; entry = entry->next_) {
      entry->Describe(text, indent);
    }
  }

 private:
  std::mutex mutex_;
  Entry* first_ = nullptr;
  Entry** last_ = &first_;  // where the next one is linked
};

// What DumpTasks calls it: kind "name", or task 3 "name"; without a name the first word or two.
std::string Title(const std::string& kind, std::string_view name);
std::string TaskTitle(std::size_t index, std::string_view name);

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_TASK_TREE_H_
