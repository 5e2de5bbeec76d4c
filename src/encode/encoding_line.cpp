// Batches on their way into a file. Enters: batches. Leaves: their texts, in the same order. Invariant: where a batch
// fails, the texts of those before it were written, and none of those behind it.
#include "encode/encoding_line.hpp"

namespace flatbed {
namespace {

// What a batch on its way takes: its text is about as large as its columns.
size_t room_of(const Batch& batch) {
  return 2 * batch.bytes();
}

}  // namespace

EncodingLine::EncodingLine(MakeEncoder make, unsigned threads, size_t memory_limit, Write write)
    : make_(std::move(make)),
      write_(std::move(write)),
      most_bytes_(memory_limit),
      crew_(
          threads, threads + 1,
          [this](Task& task, std::stop_token) -> Result<bool> {
            task.batch = waiting_.pop(stop_.get_token());
            return task.batch.has_value();
          },
          [this](Task& task) { return encode(task); }) {
  writer_ = std::jthread([this] {
    if (Status status = write_all(); !status) {
      const std::lock_guard lock(mutex_);
      failure_ = std::move(status).error();
    }
    stop_.request_stop();  // after a failure nobody takes what waits
  });
}

EncodingLine::~EncodingLine() {
  stop_.request_stop();
  waiting_.close();
}

EncodingLine::Encoded EncodingLine::encode(Task& task) {
  if (!task.encoder) task.encoder = make_();
  Encoded encoded{.batch = std::move(*task.batch)};
  {
    const std::lock_guard lock(mutex_);
    if (!spare_.empty()) {
      encoded.text = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  encoded.status = task.encoder->encode(encoded.batch, encoded.text);
  return encoded;
}

Status EncodingLine::write_all() {
  try {
    for (;;) {
      auto encoded = crew_.next(stop_.get_token());
      if (!encoded) return std::move(encoded).error();
      if (!*encoded) return {};
      if (!(*encoded)->status) return std::move((*encoded)->status);
      if (Status status = write_((*encoded)->batch, (*encoded)->text); !status) return status;
      (*encoded)->text.clear();
      const std::lock_guard lock(mutex_);
      spare_.push_back(std::move((*encoded)->text));
      bytes_ -= room_of((*encoded)->batch);
      written_.notify_all();
    }
  } catch (const std::bad_alloc&) {
    return Error{.code = Code::kOutOfMemory, .message = "no memory for the text of a batch"};
  }
}

Status EncodingLine::put(const Batch& batch, std::stop_token stop) {
  const std::stop_callback chained(stop, [this] { stop_.request_stop(); });
  {
    std::unique_lock lock(mutex_);
    written_.wait(lock, stop_.get_token(), [&] { return bytes_ == 0 || bytes_ + room_of(batch) <= most_bytes_; });
    bytes_ += room_of(batch);
  }
  if (waiting_.push(batch, 0, stop_.get_token())) return {};
  if (stop.stop_requested()) return Error{.code = Code::kCancelled, .message = "cancelled"};
  return finish();
}

Status EncodingLine::finish() {
  waiting_.close();
  if (writer_.joinable()) writer_.join();
  return failure_ ? Status(*failure_) : Status();
}

}  // namespace flatbed
