// Bytes in and out: what a file, a pipe, memory or an unpacked archive member gives to the stages after it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "flatbed/batch.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// A stream of bytes. THREADS: one owner at a time.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Returns the next bytes: at least one and at most `most`, or an empty buffer at the end.
  /// Bytes in memory are handed out without a copy. Short reads are possible anywhere.
  virtual Result<Buffer> read(size_t most, std::stop_token stop) = 0;
  /// Name for errors, secrets removed.
  virtual const std::string& uri() const noexcept = 0;
  /// Bytes in all as stored, when known; for progress.
  virtual std::optional<uint64_t> total_bytes() const noexcept { return std::nullopt; }
  /// Stored bytes consumed so far; below total_bytes(), equal at the end.
  virtual uint64_t consumed_bytes() const noexcept = 0;
};

/// A place for bytes that becomes visible only when it is whole. THREADS: one owner at a time.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual Status write(std::string_view bytes) = 0;
  /// Makes the bytes durable and visible (fsync and rename for a file). After it the sink takes no more.
  virtual Status finish() = 0;
  /// Removes what was written. Safe after a failure and after finish(), where it does nothing.
  virtual void abort() noexcept = 0;
};

/// Reads bytes that the caller holds. LIFETIME: `bytes` outlives the source unless `owner` is given.
std::unique_ptr<ByteSource> memory_bytes(std::string_view bytes,
                                         std::string uri = "memory:", std::shared_ptr<const void> owner = nullptr);

/// How files are opened.
struct ReadFileOptions {
  std::string member{};                       ///< member of a zip or tar archive; empty: the only one
  std::string compression = "auto";           ///< auto (by content), none
  uint64_t unpack_limit = uint64_t{1} << 40;  ///< most bytes one source may unpack to
};
/// Opens a path or "-" (standard input), unpacking gzip, zstd, lz4, xz, bzip2 and zip members as it goes. Looks at the
/// first bytes, so it waits for them where they come through a pipe.
Result<std::unique_ptr<ByteSource>> open_bytes(std::string_view path, const ReadFileOptions& options = {},
                                               std::stop_token stop = {});

/// How files are written.
struct WriteFileOptions {
  bool overwrite = false;            ///< replace an existing file, atomically
  std::string compression = "auto";  ///< auto (by the name's ending), none, gzip, zstd
};
/// Creates a file beside `path`, renamed to it by finish(); "-" is standard output.
Result<std::unique_ptr<ByteSink>> create_bytes(std::string_view path, const WriteFileOptions& options = {});

/// Returns the files a glob names, sorted; a plain path names itself. ERRORS: kNotFound when nothing matches.
Result<std::vector<std::string>> expand_glob(std::string_view pattern);

}  // namespace flatbed
