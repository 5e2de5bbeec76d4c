// Files by their content; see fingerprint.hpp. The hash is made beside the load, from the system's cache of the file.
#include "bytes/fingerprint.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "bytes/file.hpp"

#ifdef FLATBED_WITH_LEDGER
#include <openssl/evp.h>
#endif

namespace flatbed {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

int64_t nanoseconds(const timespec& time) noexcept {
  return int64_t{time.tv_sec} * kSecond + time.tv_nsec;
}

#ifdef FLATBED_WITH_LEDGER
class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    if (!context_) throw std::bad_alloc();
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  void add(const void* bytes, size_t count) { EVP_DigestUpdate(context_.get(), bytes, count); }
  std::string text() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_DigestFinal_ex(context_.get(), digest, &length);
    std::string hexadecimal;
    for (unsigned i = 0; i < length; ++i)
      hexadecimal += {"0123456789abcdef"[digest[i] >> 4], "0123456789abcdef"[digest[i] & 15]};
    return hexadecimal;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

Result<std::string> sha256_of(const std::string& path, uint64_t bytes, const std::stop_token& stop) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_error(Code::kReadFailed, Side::kSource, "cannot open the file", path, errno);
  constexpr size_t kPart = size_t{1} << 18;
  const std::unique_ptr<char[]> part(new char[kPart]);
  Sha256 hash;
  for (uint64_t at = 0; at < bytes;) {
    if (stop.stop_requested()) return Error{.code = Code::kCancelled, .message = "the run was cancelled"};
    const ssize_t count = ::pread(file.number(), part.get(), kPart, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(Code::kReadFailed, Side::kSource, "cannot read the file", path, errno);
    if (count == 0) break;  // cut short: unchanged() tells
    hash.add(part.get(), static_cast<size_t>(count));
    at += static_cast<uint64_t>(count);
  }
  return hash.text();
}
#else
Result<std::string> sha256_of(const std::string&, uint64_t, const std::stop_token&) {
  return std::string();
}
#endif

}  // namespace

struct WatchedFiles::Work {
  std::vector<Result<std::string>> hashes{};
  std::jthread thread{};  // last: it fills what stands above
};

// Times of files move in steps of a clock tick: a file that was written in this very tick could be written once more
// and show the same time. So it is looked at when its tick is over.
Result<WatchedFiles::File> WatchedFiles::look(const std::string& path, bool& regular) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return open_error(path, errno);
  regular = S_ISREG(found.st_mode);
  return File{.path = path,
              .bytes = static_cast<uint64_t>(found.st_size),
              .device = found.st_dev,
              .number = found.st_ino,
              .modified_ns = nanoseconds(found.st_mtim),
              .changed_ns = nanoseconds(found.st_ctim)};
}

Result<WatchedFiles> WatchedFiles::open(const std::vector<std::string>& paths) {
  constexpr int64_t kTick = 20'000'000;
  WatchedFiles watched;
  for (const std::string& path : paths) {
    bool regular = false;
    auto file = look(path, regular);
    if (!file) return std::move(file).error();
    if (!regular) return WatchedFiles();
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const int64_t age = nanoseconds(now) - file->changed_ns;
    if (age >= 0 && age < kTick) {
      const timespec rest{.tv_sec = 0, .tv_nsec = kTick - age};
      ::nanosleep(&rest, nullptr);
      file = look(path, regular);
      if (!file) return std::move(file).error();
    }
    watched.files_.push_back(std::move(*file));
  }
  return watched;
}

uint64_t WatchedFiles::bytes() const noexcept {
  uint64_t sum = 0;
  for (const File& file : files_) sum += file.bytes;
  return sum;
}

std::string WatchedFiles::stamp() const {
  std::string text;
  for (const File& file : files_) {
    // Without the device: its number may be another one after the system was started again.
    text += std::to_string(file.number) + " " + std::to_string(file.bytes) + " " + std::to_string(file.modified_ns) +
            " " + std::to_string(file.changed_ns) + "\n";
  }
  return text;
}

void WatchedFiles::hash() {
  if (work_) return;
  work_ = std::make_shared<Work>();
  work_->thread = std::jthread([work = work_.get(), files = files_](const std::stop_token& stop) {
    for (const File& file : files) work->hashes.push_back(sha256_of(file.path, file.bytes, stop));
  });
}

Result<std::string> WatchedFiles::sha256() {
  if (work_->thread.joinable()) work_->thread.join();
  for (size_t i = 0; i < files_.size(); ++i) {
    if (!work_->hashes[i]) return work_->hashes[i].error();
    files_[i].sha256 = *work_->hashes[i];
  }
  if (Status status = unchanged(); !status) return std::move(status).error();
  if (files_.size() == 1) return files_[0].sha256;
#ifdef FLATBED_WITH_LEDGER
  Sha256 all;
  for (const File& file : files_) all.add(file.sha256.data(), file.sha256.size());
  return all.text();
#else
  return std::string();
#endif
}

Status WatchedFiles::unchanged() const {
  for (const File& file : files_) {
    bool regular = false;
    auto now = look(file.path, regular);
    std::string what;
    if (!now)
      what = "is gone";
    else if (now->device != file.device || now->number != file.number)
      what = "was replaced by another";
    else if (now->bytes != file.bytes)
      what = "changed from " + std::to_string(file.bytes) + " to " + std::to_string(now->bytes) + " bytes";
    else if (now->modified_ns != file.modified_ns)
      what = "was written";
    else if (now->changed_ns != file.changed_ns)
      what = "was written, or its owner, rights or name changed,";
    else
      continue;
    return Error{.code = Code::kSourceChanged,
                 .message = "the file " + what + " while it was read",
                 .where = {.uri = file.path},
                 .expected = "a file that nobody writes to",
                 .hint = "load it again when its writer has finished, or load a copy",
                 .side = Side::kSource};
  }
  return {};
}

std::vector<SourceFile> WatchedFiles::list() const {
  std::vector<SourceFile> list;
  for (const File& file : files_) list.push_back({file.path, file.bytes, file.sha256});
  return list;
}

}  // namespace flatbed
