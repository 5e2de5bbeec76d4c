// How a call tells what went wrong: Code (stable), Location (where), Error (the record), Status and Result<T>.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace flatbed {

// Every code has one published name that never changes its meaning; the names of codes that are gone (FB-RUN-0103,
// FB-QUA-0102) are not given again. Columns: enumerator, name, summary.
#define FLATBED_CODES(X)                                                                               \
  X(kOk, "FB-OK", "no error")                                                                          \
  X(kUsage, "FB-USE-0101", "the call or the command line cannot work as it was given")                 \
  X(kUnknownOption, "FB-USE-0102", "no option has this name")                                          \
  X(kBadOption, "FB-USE-0103", "the value of an option is not one it takes")                           \
  X(kBadUri, "FB-USE-0104", "the address cannot be read as a URI")                                     \
  X(kUnknownScheme, "FB-USE-0105", "no connector serves this scheme")                                  \
  X(kUnknownColumn, "FB-USE-0106", "no column has this name")                                          \
  X(kBadType, "FB-USE-0107", "the text is not the name of a type")                                     \
  X(kNotFound, "FB-SRC-0101", "the source does not exist")                                             \
  X(kNotAFile, "FB-SRC-0102", "the source is a folder or another thing that has no bytes")             \
  X(kEmpty, "FB-SRC-0103", "the source holds no record, not even a header")                            \
  X(kReadFailed, "FB-SRC-0104", "reading the source failed")                                           \
  X(kBadCompression, "FB-SRC-0105", "the compressed or packed data is damaged or cut short")           \
  X(kSourceChanged, "FB-SRC-0106", "the source changed while it was read")                             \
  X(kBombLimit, "FB-SRC-0107", "the data unpacks to more than the limit")                              \
  X(kDialectUnsure, "FB-DIA-0101", "two dialects explain the file equally well")                       \
  X(kEncodingUnknown, "FB-DIA-0102", "the text is in an encoding that is not read")                    \
  X(kDateOrderUnsure, "FB-DIA-0103", "day/month order is not decided by any value")                    \
  X(kRowTooShort, "FB-CSV-0101", "a record has fewer fields than the header")                          \
  X(kRowTooLong, "FB-CSV-0102", "a record has more fields than the header")                            \
  X(kUnclosedQuote, "FB-CSV-0103", "a quoted field is not closed before the end")                      \
  X(kTextAfterQuote, "FB-CSV-0104", "text stands between a closing quote and the next delimiter")      \
  X(kInvalidUtf8, "FB-CSV-0105", "the bytes are not UTF-8")                                            \
  X(kNulByte, "FB-CSV-0106", "the text holds a NUL byte")                                              \
  X(kRowTooWide, "FB-CSV-0107", "a record is larger than the memory limit allows")                     \
  X(kDuplicateName, "FB-CSV-0108", "two columns have the same name")                                   \
  X(kNotNull, "FB-TYPE-0101", "the field is empty and its column takes no NULL")                       \
  X(kNotOfType, "FB-TYPE-0102", "the text is no value of the column's type")                           \
  X(kOutOfRange, "FB-TYPE-0103", "the value lies outside the range of the column's type")              \
  X(kInexact, "FB-TYPE-0104", "the column's type cannot hold the value without loss")                  \
  X(kUnsupportedType, "FB-TYPE-0105", "the type is not carried")                                       \
  X(kRewritten, "FB-TYPE-0106", "the value is carried, but would be written otherwise than the field") \
  X(kConnect, "FB-NET-0101", "no connection to the server")                                            \
  X(kAuth, "FB-NET-0102", "the server refused the credentials")                                        \
  X(kTimeout, "FB-NET-0103", "the server did not answer in time")                                      \
  X(kConnectionLost, "FB-NET-0104", "the connection broke before the answer was whole")                \
  X(kTls, "FB-NET-0105", "the secure connection could not be made")                                    \
  X(kInsecure, "FB-NET-0106", "a secret would be sent unencrypted to another host")                    \
  X(kServer, "FB-CH-0101", "the server refused the statement")                                         \
  X(kNoTable, "FB-CH-0102", "the table or database does not exist")                                    \
  X(kNoColumn, "FB-CH-0103", "the table lacks a column of the source, or the source one of the table") \
  X(kBadBlock, "FB-CH-0104", "the server's answer is not a valid Native block")                        \
  X(kNoEngine, "FB-CH-0105", "the embedded engine is not installed or did not start")                  \
  X(kTargetExists, "FB-TGT-0101", "the target exists already")                                         \
  X(kWriteFailed, "FB-TGT-0102", "writing the target failed")                                          \
  X(kTooManyRejects, "FB-RUN-0101", "more rows were rejected than the budget allows")                  \
  X(kCancelled, "FB-RUN-0102", "the run was cancelled")                                                \
  X(kOutOfMemory, "FB-RUN-0104", "no memory")                                                          \
  X(kUnbalanced, "FB-RUN-0105", "the counts of the run do not balance")                                \
  X(kInternal, "FB-RUN-0106", "a mistake in Flatbed itself")                                           \
  X(kPadded, "FB-FIX-0101", "a record was filled up with empty fields")                                \
  X(kCut, "FB-FIX-0102", "fields behind the last column were left out")                                \
  X(kTrimmed, "FB-FIX-0103", "spaces around a value were left out")                                    \
  X(kDecimalComma, "FB-FIX-0104", "a comma was read as the decimal mark")                              \
  X(kThousands, "FB-FIX-0105", "marks between thousands were left out")                                \
  X(kEncodingAssumed, "FB-FIX-0106", "an encoding was assumed because the bytes are not UTF-8")        \
  X(kRenamed, "FB-FIX-0107", "a column was renamed because another has its name")                      \
  X(kStrayQuote, "FB-FIX-0108", "a quote that quotes no field was read as text")                       \
  X(kLayoutSpaces, "FB-FIX-0109", "spaces around fields were left out as layout")                      \
  X(kNoQuarantine, "FB-QUA-0101", "the folder is no quarantine that can be replayed")                  \
  X(kUnknownOutcome, "FB-CH-0106", "whether rows were written is not known")                           \
  X(kRefusedRow, "FB-CH-0107", "the table refused the row")                                            \
  X(kLedgerFailed, "FB-LED-0101", "the ledger cannot be read or written")                              \
  X(kLoadBusy, "FB-LED-0102", "another run works on this load")                                        \
  X(kNoLoad, "FB-LED-0103", "the ledger knows no such load")                                           \
  X(kLoadDiffers, "FB-LED-0104", "what was loaded and what is to be loaded differ")                    \
  X(kBadJson, "FB-JSON-0101", "the text is not well-formed JSON")                                      \
  X(kNotAnObject, "FB-JSON-0102", "the record is no object, and others are")                           \
  X(kRepeatedKey, "FB-JSON-0103", "a key comes twice in one object")                                   \
  X(kUnknownKey, "FB-JSON-0104", "the object has a key that no column or element takes")

enum class Code : int32_t {
#define X(enumerator, name, summary) enumerator,
  FLATBED_CODES(X)
#undef X
};

/// Returns the published name of a code, such as "FB-TYPE-0103".
std::string_view code_name(Code code) noexcept;
/// Returns what a code means, in one line.
std::string_view code_summary(Code code) noexcept;

/// An entry of the published catalogue. Text lives as long as the program.
struct CodeEntry {
  Code code = Code::kOk;
  std::string_view name{};     ///< "FB-TYPE-0103"
  std::string_view summary{};  ///< what it means, in one line
  std::string_view cause{};    ///< how it usually comes about
  std::string_view action{};   ///< what to do
};
/// Returns every code, in the order of FLATBED_CODES.
std::span<const CodeEntry> catalogue() noexcept;
/// Returns the entry of a published name, in any case, or null.
const CodeEntry* find_code(std::string_view name) noexcept;

/// Where in the data something was found. Absent parts are unknown, never guessed.
struct Location {
  std::string uri{};                 ///< the source, with any password removed
  std::optional<uint64_t> byte{};    ///< from 0, in the decompressed bytes
  std::optional<uint64_t> line{};    ///< physical line, from 1
  std::optional<uint64_t> record{};  ///< logical row after the header, from 0
  std::optional<uint32_t> column{};  ///< from 0
  std::string column_name{};
  friend bool operator==(const Location&, const Location&) = default;
};

/// Which end of a run an error belongs to; decides the exit code of the command.
enum class Side : uint8_t { kNone, kSource, kTarget };

/// One error, as a record: C, Python, the command and the web UI show the same fields.
struct Error {
  Code code = Code::kInternal;
  std::string message{};  ///< what happened, one line, values last, no full stop
  Location where{};
  std::string expected{};   ///< what would have been right, and who said so
  std::string found{};      ///< the field as it was read, whole; empty where no single field is meant
  std::string hint{};       ///< what to do, as a flag or a sentence
  std::string raw{};        ///< the bytes concerned, when they come from data
  size_t fault_at = 0;      ///< where in `raw` the fault begins; behind its end where something is missing
  size_t fault_bytes = 0;   ///< bytes of the fault; 0 when all of `raw` is meant
  int64_t native_code = 0;  ///< errno, curl's or ClickHouse's own number; 0 when there is none
  Side side = Side::kNone;
};

/// Writes an error as a person reads it: code, place, message, the record with a mark under what is wrong, expected,
/// hint; one item a line.
std::string to_string(const Error& error);
/// Returns the command's exit code: 1 usage, 3 rejects over budget, 4 source, 5 target, 6 interrupted.
int exit_code(const Error& error) noexcept;

/// What `Result::value()` and `Status::check()` throw. Nothing else in the library throws on bad input.
class Exception : public std::runtime_error {
 public:
  explicit Exception(Error error);
  const Error& error() const noexcept { return *error_; }

 private:
  std::shared_ptr<const Error> error_;
};

/// Success or an Error. One pointer wide; null means success.
class [[nodiscard]] Status {
 public:
  Status() noexcept = default;
  Status(Error error) : error_(std::make_unique<Error>(std::move(error))) {}
  bool ok() const noexcept { return error_ == nullptr; }
  explicit operator bool() const noexcept { return ok(); }
  /// REQUIRES: !ok().
  const Error& error() const& noexcept { return *error_; }
  Error&& error() && noexcept { return std::move(*error_); }
  /// Throws Exception unless ok().
  void check() && {
    if (error_) throw Exception(std::move(*error_));
  }

 private:
  std::unique_ptr<Error> error_{};
};

/// A value or an Error.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::make_unique<Error>(std::move(error))) {}
  Result(Status status) : Result(std::move(status).error()) {}  ///< REQUIRES: !status.ok()
  bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }
  /// REQUIRES: ok(). Unchecked access, for code that has tested ok().
  T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  T&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() noexcept { return std::get_if<0>(&state_); }
  const T* operator->() const noexcept { return std::get_if<0>(&state_); }
  /// REQUIRES: !ok().
  const Error& error() const& noexcept { return **std::get_if<1>(&state_); }
  Error&& error() && noexcept { return std::move(**std::get_if<1>(&state_)); }
  /// Returns the value or throws Exception.
  T value() && {
    if (!ok()) throw Exception(std::move(**std::get_if<1>(&state_)));
    return std::move(*std::get_if<0>(&state_));
  }

 private:
  std::variant<T, std::unique_ptr<Error>> state_;
};

}  // namespace flatbed
