// Files, pipes and devices. Enters: a path. Leaves: buffers of its bytes, read straight into place. Invariant: a
// regular file that another program changes meanwhile ends in kSourceChanged, never in a mixture of two versions.
#include "bytes/file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace flatbed {
namespace {

bool same_version(const struct stat& a, const struct stat& b) noexcept {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

Error not_a_file(const std::string& path, const char* what) {
  return {.code = Code::kNotAFile,
          .message = "the path names " + std::string(what) + ": " + path,
          .where = {.uri = path},
          .expected = "a file, a pipe or - for standard input",
          .hint = "name the files in it with a pattern, such as folder/*.csv",
          .side = Side::kSource};
}

Error read_error(const std::string& uri, uint64_t byte) {
  Error error = system_error(Code::kReadFailed, Side::kSource, "cannot read the file", uri, errno);
  error.where.byte = byte;
  return error;
}

}  // namespace

Error open_error(const std::string& path, int number) {
  Error error = system_error(Code::kReadFailed, Side::kSource, "cannot open the file", path, number);
  if (number == ENOENT || number == ENOTDIR) {
    error.code = Code::kNotFound;
    error.message = "the file does not exist: " + path;
    error.hint = "check the path; a relative path starts at the working directory";
  } else if (number == EACCES) {
    error.hint = "give this user the right to read the file and to enter its folders";
  }
  return error;
}

Descriptor::~Descriptor() {
  close();
}

int Descriptor::close() noexcept {
  if (number_ < 0) return 0;
  return ::close(std::exchange(number_, -1)) == 0 ? 0 : errno;
}

Error system_error(Code code, Side side, std::string what, std::string uri, int number) {
  return {.code = code,
          .message = std::move(what) + ": " + std::generic_category().message(number),
          .where = {.uri = std::move(uri)},
          .native_code = number,
          .side = side};
}

Result<std::unique_ptr<FileBytes>> FileBytes::open(std::string_view path) {
  std::unique_ptr<FileBytes> file(new FileBytes);
  file->uri_ = path;
  if (path == "-") {
    file->number_ = STDIN_FILENO;
  } else {
    file->owned_ = Descriptor(::open(file->uri_.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file->owned_) return open_error(file->uri_, errno);
    file->number_ = file->owned_.number();
  }
  if (::fstat(file->number_, &file->opened_) != 0) return open_error(file->uri_, errno);
  if (S_ISDIR(file->opened_.st_mode)) return not_a_file(file->uri_, "a folder");
  // Standard input may be shared with other programs, so its own place counts, not ours. Files of size 0 may be made
  // by the kernel as they are read, as under /proc.
  file->regular_ = file->owned_ && S_ISREG(file->opened_.st_mode) && file->opened_.st_size > 0;
  if (file->regular_) ::posix_fadvise(file->number_, 0, 0, POSIX_FADV_SEQUENTIAL);
  return file;
}

std::optional<uint64_t> FileBytes::total_bytes() const noexcept {
  if (!S_ISREG(opened_.st_mode)) return std::nullopt;
  return std::max(at_, static_cast<uint64_t>(opened_.st_size));
}

// Waits until a pipe has bytes, so that a stop request is seen within a tenth of a second. Returns false when stopped.
bool FileBytes::wait(const std::stop_token& stop) const noexcept {
  constexpr int kSliceMs = 100;
  while (!stop.stop_requested()) {
    struct pollfd ready = {.fd = number_, .events = POLLIN, .revents = 0};
    const int count = ::poll(&ready, 1, stop.stop_possible() ? kSliceMs : -1);
    if (count > 0 || (count < 0 && errno != EINTR)) return true;
  }
  return false;
}

Result<Buffer> FileBytes::read(size_t most, std::stop_token stop) {
  if (stop.stop_requested() || (!regular_ && !wait(stop)))
    return Error{.code = Code::kCancelled, .message = "the run was cancelled", .where = {.uri = uri_}};
  if (block_.empty()) {
    auto block = fetch(most);
    if (!block || block->empty()) return block;
    block_ = std::move(*block);
  }
  const size_t size = std::min(most, block_.size());
  Buffer part = block_.slice(0, size);
  block_ = block_.slice(size, block_.size() - size);
  at_ += size;
  return part;
}

// Reads what comes next: of a regular file a whole block, whose parts then lie side by side; of others what is there.
// Who looks at the head of a file may want no more.
Result<Buffer> FileBytes::fetch(size_t most) {
  if (regular_) {
    const auto size = static_cast<uint64_t>(opened_.st_size);
    if (at_ != 0) most = std::max(most, kBlockBytes);
    most = static_cast<size_t>(std::min<uint64_t>(size - std::min(at_, size), most));
    if (most == 0) return end();
  }
  Buffer buffer = most == blocks_.bytes() ? blocks_.take() : Buffer::allocate(most);
  ssize_t count = 0;
  do {
    count = regular_ ? ::pread(number_, buffer.writable(), most, static_cast<off_t>(at_))
                     : ::read(number_, buffer.writable(), most);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return read_error(uri_, at_);
  if (count == 0) return end();
  buffer.truncate(static_cast<size_t>(count));
  return buffer;
}

std::optional<uint64_t> FileBytes::size() const noexcept {
  return regular_ ? std::optional(static_cast<uint64_t>(opened_.st_size)) : std::nullopt;
}

Result<Buffer> FileBytes::read_at(uint64_t byte, size_t most, Slabs& room) const {
  const auto end = static_cast<uint64_t>(opened_.st_size);
  most = static_cast<size_t>(std::min<uint64_t>(most, end - std::min(byte, end)));
  Buffer buffer = most <= room.bytes() ? room.take() : Buffer::allocate(most);
  for (size_t done = 0; done < most;) {
    const ssize_t count = ::pread(number_, buffer.writable() + done, most - done, static_cast<off_t>(byte + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return read_error(uri_, byte + done);
    if (count == 0) return changed(byte + done);
    done += static_cast<size_t>(count);
  }
  buffer.truncate(most);
  return buffer;
}

Status FileBytes::unchanged() const {
  struct stat now{};
  if (!regular_ || (::fstat(number_, &now) == 0 && same_version(opened_, now))) return {};
  return changed(static_cast<uint64_t>(std::min(now.st_size, opened_.st_size)));
}

Result<Buffer> FileBytes::end() const {
  if (Status status = unchanged(); !status) return std::move(status).error();
  return Buffer();
}

// The error of a file that is not what it was when `byte` was reached.
Error FileBytes::changed(uint64_t byte) const {
  struct stat now{};
  ::fstat(number_, &now);
  return {.code = Code::kSourceChanged,
          .message = "the file changed while it was read, from " + std::to_string(opened_.st_size) + " to " +
                     std::to_string(now.st_size) + " bytes",
          .where = {.uri = uri_, .byte = byte},
          .expected = "a file that nobody writes to",
          .hint = "read it again when its writer has finished, or read a copy",
          .side = Side::kSource};
}

}  // namespace flatbed
