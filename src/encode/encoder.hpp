// Batches to the bytes of a file.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flatbed/batch.hpp"
#include "flatbed/csv.hpp"
#include "flatbed/receipt.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// Turns batches of one schema into bytes, appended to what the caller writes out. What a batch becomes does not depend
/// on the batches before it, so that several encoders may share the batches of a file. THREADS: one owner.
class Encoder {
 public:
  virtual ~Encoder() = default;
  /// Appends what stands before the first row of a file. Called before encode(), and once for each file.
  virtual void begin(const Schema& schema, std::string& out) = 0;
  /// Returns what stands before the rows of a batch, which may be the first in its file.
  virtual std::string_view lead(bool) const noexcept { return {}; }
  virtual Status encode(const Batch& batch, std::string& out) = 0;
  /// Counts the values that encode() writes otherwise than they are, because the user asked for it.
  virtual void count_leniencies(const Batch&, std::vector<Finding>&) const {}
  /// Appends what stands after the last row.
  virtual void end(std::string& out) = 0;
};

/// The encoding of files whose texts are written as they are, whatever bytes they hold.
inline constexpr std::string_view kAnyBytes = "bytes";

/// Makes an encoder of csv::Writer. ERRORS of encode(), unless the encoding is kAnyBytes: those of check_text().
std::unique_ptr<Encoder> csv_encoder(csv::WriterOptions options);

/// How rows become JSON: objects whose members are the columns. A Tuple with names and a Map are objects, an Array and
/// a Tuple without names arrays; numbers keep all their digits, nan and inf are texts.
struct JsonOptions {
  bool array = false;           ///< one array of all rows; else a line for each
  bool quote_integers = false;  ///< integers of 64 bits and more as texts
};
/// ERRORS of encode(): kInvalidUtf8, with the row and the column.
std::unique_ptr<Encoder> json_encoder(JsonOptions options);

}  // namespace flatbed
