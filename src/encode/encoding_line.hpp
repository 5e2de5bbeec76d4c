// Batches on their way into a file: encoded side by side, written one after the other.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "columns/ordered_crew.hpp"
#include "columns/queue.hpp"
#include "encode/encoder.hpp"

namespace flatbed {

/// The texts do not depend on the number of threads. THREADS: one owner; `write` runs on a thread of the line.
class EncodingLine {
 public:
  /// Makes an encoder that is ready for encode().
  using MakeEncoder = std::function<std::unique_ptr<Encoder>()>;
  /// Takes the text of the next batch.
  using Write = std::function<Status(const Batch& batch, std::string_view text)>;
  /// `memory_limit` is for the batches on their way and for their texts.
  EncodingLine(MakeEncoder make, unsigned threads, size_t memory_limit, Write write);
  ~EncodingLine();
  EncodingLine(const EncodingLine&) = delete;
  EncodingLine& operator=(const EncodingLine&) = delete;

  /// Hands a batch over; waits while too many are on their way. ERRORS: those of earlier batches.
  Status put(const Batch& batch, std::stop_token stop);
  /// Waits until everything is written. ERRORS: the first one, in the order of the batches.
  Status finish();

 private:
  struct Task {
    std::unique_ptr<Encoder> encoder{};
    std::optional<Batch> batch{};
  };
  struct Encoded {
    Batch batch;
    std::string text{};
    Status status{};
  };
  Encoded encode(Task& task);
  Status write_all();

  const MakeEncoder make_;
  const Write write_;
  const size_t most_bytes_;
  Queue<Batch> waiting_{SIZE_MAX};
  std::mutex mutex_{};  // guards the three below
  size_t bytes_ = 0;    // on their way
  std::vector<std::string> spare_{};
  std::optional<Error> failure_{};
  std::condition_variable_any written_{};
  std::stop_source stop_{};
  OrderedCrew<Task, Encoded> crew_;
  std::jthread writer_{};  // last: it uses what stands above
};

}  // namespace flatbed
