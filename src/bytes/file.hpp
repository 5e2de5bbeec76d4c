// Files as the system gives them, and the system's errors. Enters: a path, or an error number. Leaves: a FileBytes, or
// an Error. Invariant: what is read is the file as it was when it was opened, or the read ends in kSourceChanged.
#pragma once

#include <sys/stat.h>

#include "bytes/placed.hpp"

namespace flatbed {

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() noexcept = default;
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();
  int number() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }
  /// Closes now and returns 0 or the error number.
  int close() noexcept;

 private:
  int number_ = -1;
};

/// Makes an Error of what the system said: "cannot open the file: Permission denied".
Error system_error(Code code, Side side, std::string what, std::string uri, int number);
/// Makes an Error of a source file that cannot be opened.
Error open_error(const std::string& path, int number);

/// Reads a file, a pipe or a device, uncompressed.
class FileBytes final : public PlacedBytes {
 public:
  /// Opens a path or "-" (standard input, which stays open).
  static Result<std::unique_ptr<FileBytes>> open(std::string_view path);
  Result<Buffer> read(size_t most, std::stop_token stop) override;
  const std::string& uri() const noexcept override { return uri_; }
  std::optional<uint64_t> total_bytes() const noexcept override;
  uint64_t consumed_bytes() const noexcept override { return at_; }
  std::optional<uint64_t> size() const noexcept override;
  Result<Buffer> read_at(uint64_t byte, size_t most, Slabs& room) const override;
  Status unchanged() const override;
  /// Tells whether seek() works: a regular file, whose size is known.
  bool seekable() const noexcept { return regular_; }
  /// Goes to a byte. REQUIRES: seekable().
  void seek(uint64_t byte) noexcept {
    at_ = byte;
    block_ = {};
  }

 private:
  FileBytes() = default;
  bool wait(const std::stop_token& stop) const noexcept;
  Error changed(uint64_t byte) const;
  Result<Buffer> end() const;
  Result<Buffer> fetch(size_t most);

  std::string uri_{};
  Descriptor owned_{};  // empty for standard input
  int number_ = -1;
  struct stat opened_{};
  bool regular_ = false;
  uint64_t at_ = 0;
  static constexpr size_t kBlockBytes = (size_t{4} << 20) - 64;  // with its padding two huge pages
  Slabs blocks_{kBlockBytes, 4};
  Buffer block_{};  // read and not yet handed out
};

}  // namespace flatbed
