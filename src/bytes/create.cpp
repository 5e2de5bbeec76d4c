// Files written whole or not at all. Enters: bytes. Leaves: a durable file under its name, or nothing. Invariant: the
// name shows the old file or the whole new one, whatever happens between, and a failed write leaves no part behind.
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "bytes/file.hpp"

namespace flatbed {
namespace {

Error write_error(std::string what, const std::string& uri, int number) {
  Error error = system_error(Code::kWriteFailed, Side::kTarget, std::move(what), uri, number);
  if (number == ENOSPC || number == EDQUOT) error.hint = "free some space or write to another disk";
  if (number == ENOENT) error.hint = "make the folder first";
  if (number == EPIPE) error.hint = "the reader of the pipe has gone; let it read to the end";
  if (number == EACCES || number == EROFS) error.hint = "write to a folder that this user may write to";
  return error;
}

Error target_exists(const std::string& path) {
  return {.code = Code::kTargetExists,
          .message = "the file exists already: " + path,
          .where = {.uri = path},
          .hint = "--overwrite replaces it",
          .side = Side::kTarget};
}

// While it lives, writing to a pipe without a reader gives EPIPE and no signal. A library must not change the
// program's handlers, so the signal is blocked in this thread, and one that we caused is taken back.
class PipeSignalHeld {
 public:
  PipeSignalHeld() noexcept {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~PipeSignalHeld() {
    const int kept = errno;
    if (!was_pending_) {
      constexpr struct timespec kNow = {};
      while (sigtimedwait(&pipe_, nullptr, &kNow) < 0 && errno == EINTR) continue;
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = kept;
  }
  PipeSignalHeld(const PipeSignalHeld&) = delete;
  PipeSignalHeld& operator=(const PipeSignalHeld&) = delete;

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool was_pending_ = false;
};

// Returns 0 or the error number.
int write_all(int descriptor, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) return errno;
    if (count > 0) bytes.remove_prefix(static_cast<size_t>(count));
  }
  return 0;
}

// Standard output, a named pipe or a device: bytes go straight out, for there is nothing to rename.
class StreamSink final : public ByteSink {
 public:
  StreamSink(std::string uri, Descriptor owned, int number)
      : uri_(std::move(uri)), owned_(std::move(owned)), number_(number) {}
  Status write(std::string_view bytes) override {
    const PipeSignalHeld held;
    if (const int number = write_all(number_, bytes); number != 0)
      return write_error(uri_ == "-" ? "cannot write to standard output" : "cannot write", uri_, number);
    return {};
  }
  Status finish() override {
    if (const int number = owned_.close(); number != 0) return write_error("cannot write", uri_, number);
    return {};
  }
  void abort() noexcept override { owned_.close(); }

 private:
  std::string uri_;
  Descriptor owned_;  // empty for standard output
  int number_;
};

// Writes to a hidden file beside the target, which finish() renames.
class FileSink final : public ByteSink {
 public:
  FileSink(std::string path, bool overwrite) : path_(std::move(path)), overwrite_(overwrite) {}
  ~FileSink() override { abort(); }
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  // `old` is the file that will be replaced, if there is one; the new one takes its rights.
  Status open(const struct stat* old) {
    constexpr int kTries = 100;
    int number = EEXIST;
    for (int tries = 0; tries < kTries && number == EEXIST; ++tries) {
      temporary_ = folder() + "." + path_.substr(path_.rfind('/') + 1) + "." + random_word() + ".part";
      file_ = Descriptor(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
      number = file_ ? 0 : errno;
    }
    if (number != 0) {
      temporary_.clear();
      return write_error("cannot create a file in the target's folder", path_, number);
    }
    if (old != nullptr && ::fchmod(file_.number(), old->st_mode & 07777) != 0)
      return fail("cannot give the new file the rights of the old one", errno);
    return {};
  }

  Status write(std::string_view bytes) override {
    if (const int number = write_all(file_.number(), bytes); number != 0) return fail("cannot write the file", number);
    return {};
  }

  Status finish() override {
    if (temporary_.empty()) return {};
    if (::fsync(file_.number()) != 0) return fail("cannot make the file durable", errno);
    if (const int number = file_.close(); number != 0) return fail("cannot write the file", number);
    if (const int number = publish(); number == EEXIST && !overwrite_) {
      abort();
      return target_exists(path_);
    } else if (number != 0) {
      return fail("cannot give the file its name", number);
    }
    temporary_.clear();
    return sync_folder();
  }

  void abort() noexcept override {
    file_.close();
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
    temporary_.clear();
  }

 private:
  std::string folder() const { return path_.substr(0, path_.rfind('/') + 1); }

  static std::string random_word() {
    uint64_t bits = 0;
    if (::getrandom(&bits, sizeof bits, 0) != sizeof bits) bits = static_cast<uint64_t>(::getpid());
    std::string word;
    for (int at = 0; at < 8; ++at, bits >>= 5) word += "abcdefghijklmnopqrstuvwxyz234567"[bits & 31];
    return word;
  }

  // Returns 0 or the error number; EEXIST when the name was taken meanwhile and must not be replaced.
  int publish() const noexcept {
    const char* from = temporary_.c_str();
    const char* to = path_.c_str();
    if (overwrite_) return ::rename(from, to) == 0 ? 0 : errno;
    if (::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return errno;
    // File systems without RENAME_NOREPLACE still refuse to link onto a name that is taken.
    if (::link(from, to) != 0) return errno;
    ::unlink(from);
    return 0;
  }

  // The name itself is durable only when its folder is.
  Status sync_folder() const {
    const std::string name = folder();
    const Descriptor opened(::open(name.empty() ? "." : name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // A folder that cannot be read, or a file system that cannot sync folders, leaves no more to be done.
    if (opened && ::fsync(opened.number()) != 0 && errno != EINVAL && errno != EROFS)
      return write_error("cannot make the file's name durable", path_, errno);
    return {};
  }

  Error fail(const char* what, int number) {
    abort();
    return write_error(what, path_, number);
  }

  std::string path_;
  bool overwrite_;
  std::string temporary_{};  // empty when there is none to remove
  Descriptor file_{};
};

// Compresses on the way to another sink.
class CompressingSink final : public ByteSink {
 public:
  CompressingSink(std::unique_ptr<ByteSink> target, std::string uri)
      : target_(std::move(target)), uri_(std::move(uri)), archive_(archive_write_new(), archive_write_free) {}
  ~CompressingSink() override { abort(); }
  CompressingSink(const CompressingSink&) = delete;
  CompressingSink& operator=(const CompressingSink&) = delete;

  Status open(bool zstd) {
    struct archive* const out = archive_.get();
    const std::unique_ptr<struct archive_entry, void (*)(struct archive_entry*)> entry(archive_entry_new(),
                                                                                       archive_entry_free);
    if (out == nullptr || entry == nullptr) return outcome(ARCHIVE_FATAL);
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    int code = zstd ? archive_write_add_filter_zstd(out) : archive_write_add_filter_gzip(out);
    // The time of day would make equal inputs give unequal files.
    if (code == ARCHIVE_OK && !zstd) code = archive_write_set_filter_option(out, "gzip", "timestamp", nullptr);
    if (code == ARCHIVE_OK) code = archive_write_set_format_raw(out);
    if (code == ARCHIVE_OK) code = archive_write_set_bytes_in_last_block(out, 1);
    if (code == ARCHIVE_OK) code = archive_write_open(out, this, nullptr, pass_on, nullptr);
    if (code == ARCHIVE_OK) code = archive_write_header(out, entry.get());
    return outcome(code);
  }
  Status write(std::string_view bytes) override {
    if (bytes.empty()) return {};
    return outcome(archive_write_data(archive_.get(), bytes.data(), bytes.size()) < 0 ? ARCHIVE_FATAL : ARCHIVE_OK);
  }
  Status finish() override {
    if (finished_) return {};
    Status status = outcome(archive_write_close(archive_.get()));
    finished_ = true;
    if (status) status = target_->finish();
    if (!status) target_->abort();
    return status;
  }
  void abort() noexcept override {
    if (finished_) return;
    finished_ = true;
    target_->abort();
  }

 private:
  // libarchive loses memory when this fails, so a failure is kept for outcome() and later bytes go nowhere.
  static la_ssize_t pass_on(struct archive*, void* self, const void* bytes, size_t size) {
    auto* const sink = static_cast<CompressingSink*>(self);
    if (!sink->finished_ && sink->failure_.ok())
      sink->failure_ = sink->target_->write({static_cast<const char*>(bytes), size});
    return static_cast<la_ssize_t>(size);
  }
  Status outcome(int code) {
    if (!failure_) return std::move(failure_);
    if (code >= ARCHIVE_WARN) return {};
    const char* text = archive_ ? archive_error_string(archive_.get()) : nullptr;
    return Error{.code = Code::kWriteFailed,
                 .message = "cannot compress: " + std::string(text ? text : "no memory"),
                 .where = {.uri = uri_},
                 .side = Side::kTarget};
  }

  std::unique_ptr<ByteSink> target_;
  std::string uri_;
  Status failure_{};  // what the target said; libarchive carries no error of ours
  std::unique_ptr<struct archive, int (*)(struct archive*)> archive_;
  bool finished_ = false;  // or aborted
};

enum class Packing { kNone, kGzip, kZstd };

Result<Packing> choose_packing(const std::string& path, const std::string& wish) {
  if (wish == "none") return Packing::kNone;
  if (wish == "gzip") return Packing::kGzip;
  if (wish == "zstd") return Packing::kZstd;
  Error error{
      .code = Code::kBadOption, .where = {.uri = path}, .expected = "auto, none, gzip, zstd", .side = Side::kTarget};
  if (wish != "auto") {
    error.message = "files are not written with this compression: " + wish;
    return error;
  }
  const std::string_view name = path;
  if (name.ends_with(".gz")) return Packing::kGzip;
  if (name.ends_with(".zst") || name.ends_with(".zstd")) return Packing::kZstd;
  for (const std::string_view ending : {".bz2", ".xz", ".lz4", ".zip"}) {
    if (!name.ends_with(ending)) continue;
    error.message = "files of this kind are read but not written: " + std::string(ending);
    error.expected = "a name ending in .gz or .zst, or without compression";
    error.hint = "compression=none writes plain text under this name";
    return error;
  }
  return Packing::kNone;
}

// A link's target is replaced, not the link.
std::string real_path(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> resolved(::realpath(path.c_str(), nullptr), ::free);
  return resolved ? std::string(resolved.get()) : path;
}

Result<std::unique_ptr<ByteSink>> open_plain(const std::string& path, bool overwrite) {
  if (path == "-") return std::unique_ptr<ByteSink>(new StreamSink(path, Descriptor(), STDOUT_FILENO));
  struct stat old{};
  const bool exists = ::stat(path.c_str(), &old) == 0;
  if (path.empty() || path.back() == '/' || (exists && S_ISDIR(old.st_mode)))
    return Error{.code = Code::kNotAFile,
                 .message = "the target names a folder: " + path,
                 .where = {.uri = path},
                 .expected = "the path of a file",
                 .hint = "add a file name to the folder",
                 .side = Side::kTarget};
  if (exists && !S_ISREG(old.st_mode)) {
    Descriptor stream(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (!stream) return write_error("cannot open", path, errno);
    const int number = stream.number();
    return std::unique_ptr<ByteSink>(new StreamSink(path, std::move(stream), number));
  }
  if (exists && !overwrite) return target_exists(path);
  auto file = std::make_unique<FileSink>(exists ? real_path(path) : path, overwrite);
  if (Status status = file->open(exists ? &old : nullptr); !status) return status;
  return std::unique_ptr<ByteSink>(std::move(file));
}

}  // namespace

Result<std::unique_ptr<ByteSink>> create_bytes(std::string_view path, const WriteFileOptions& options) {
  const std::string name(path);
  const Result<Packing> packing = choose_packing(name, options.compression);
  if (!packing) return packing.error();
  Result<std::unique_ptr<ByteSink>> plain = open_plain(name, options.overwrite);
  if (!plain || *packing == Packing::kNone) return plain;
  auto packed = std::make_unique<CompressingSink>(*std::move(plain), name);
  if (Status status = packed->open(*packing == Packing::kZstd); !status) return status;
  return std::unique_ptr<ByteSink>(std::move(packed));
}

}  // namespace flatbed
