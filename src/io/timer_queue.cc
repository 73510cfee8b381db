#include "io/timer_queue.h"

#include <algorithm>
#include <functional>

namespace hearth::io {

void TimerQueue::Add(Executor::TimerId id, TimePoint due, Job job) {
  jobs_.emplace(id, std::move(job));
  heap_.push_back({due, id});
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
}

Job TimerQueue::Cancel(Executor::TimerId id) {
  const auto it = jobs_.find(id);
  if (it == jobs_.end()) return {};
  Job job = std::move(it->second);
  jobs_.erase(it);
  SweepIfMostlyCancelled();
  return job;
}

std::optional<TimePoint> TimerQueue::NextDue() {
  while (!heap_.empty() && !jobs_.contains(heap_.front().id)) PopHeap();
  if (heap_.empty()) return std::nullopt;
  return heap_.front().due;
}

Job TimerQueue::TakeDue(TimePoint now) {
  const auto due = NextDue();
  if (!due || *due > now) return {};
  auto node = jobs_.extract(heap_.front().id);
  PopHeap();
  return std::move(node.mapped());
}

std::vector<Job> TimerQueue::TakeAll() {
  std::vector<Job> left;
  left.reserve(jobs_.size());
  for (auto& [id, job] : jobs_) left.push_back(std::move(job));
  jobs_.clear();
  heap_.clear();
  return left;
}

void TimerQueue::PopHeap() {
  std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
  heap_.pop_back();
}

void TimerQueue::SweepIfMostlyCancelled() {
  static constexpr std::size_t kSlack = 64;
  if (heap_.size() <= 2 * jobs_.size() + kSlack) return;
  std::erase_if(heap_, [this](const Entry& entry) { return !jobs_.contains(entry.id); });
  std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
}

}  // namespace hearth::io
