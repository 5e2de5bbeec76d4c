// Packed bytes. Enters: a stream that may be compressed or an archive. Leaves: the bytes inside. Invariant: what comes
// out was proved whole by its checksums where the format has them; damage ends in kBadCompression.
#include "bytes/archive.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>

#include "bytes/file.hpp"

namespace flatbed {
namespace {

constexpr size_t kHeadBytes = 512;              // one block of tar, the longest mark there is
constexpr size_t kReadBytes = size_t{1} << 18;  // stored bytes asked for at a time
constexpr int kMostLayers = 3;                  // a gzip of a tar in a zip; more is an attack or a mistake

enum class Packing { kNone, kGzip, kZstd, kLz4, kXz, kBzip2, kZip, kTar };

std::string name_of(Packing packing) {
  constexpr const char* kNames[] = {"", "gzip", "zstd", "lz4", "xz", "bzip2", "zip", "tar"};
  return kNames[static_cast<size_t>(packing)];
}

bool is_tar(std::string_view head) {
  constexpr size_t kMark = 257, kSumAt = 148, kSumBytes = 8;
  if (head.size() < kHeadBytes || head.substr(kMark, 5) != "ustar") return false;
  // A text may hold the mark at that place; it will not hold the sum of its own bytes in octal.
  unsigned long sum = 0;
  for (size_t at = 0; at < kHeadBytes; ++at)
    sum += at - kSumAt < kSumBytes ? ' ' : static_cast<unsigned char>(head[at]);
  return std::strtoul(std::string(head.substr(kSumAt, kSumBytes)).c_str(), nullptr, 8) == sum;
}

Packing detect(std::string_view head) {
  using namespace std::string_view_literals;
  if (head.starts_with("\x1f\x8b\x08"sv)) return Packing::kGzip;
  if (head.starts_with("\x28\xb5\x2f\xfd"sv)) return Packing::kZstd;
  if (head.starts_with("\x04\x22\x4d\x18"sv)) return Packing::kLz4;
  if (head.starts_with("\xfd"
                       "7zXZ\0"sv))
    return Packing::kXz;
  if (head.starts_with("PK\x03\x04"sv) || head.starts_with("PK\x05\x06"sv)) return Packing::kZip;
  // "BZh9" alone could begin a text, so the mark of the first block counts too.
  if (head.starts_with("BZh"sv) && head.size() >= 10 &&
      (head.substr(4, 6) == "\x31\x41\x59\x26\x53\x59"sv || head.substr(4, 6) == "\x17\x72\x45\x38\x50\x90"sv))
    return Packing::kBzip2;
  return is_tar(head) ? Packing::kTar : Packing::kNone;
}

// What every unpacking source shares: where it stands, its limit, its errors.
class Unpacking : public ByteSource {
 public:
  Unpacking(std::unique_ptr<ByteSource> stored, Packing packing, uint64_t limit)
      : stored_(std::move(stored)), packing_(packing), limit_(limit) {}
  const std::string& uri() const noexcept override { return stored_->uri(); }
  std::optional<uint64_t> total_bytes() const noexcept override { return stored_->total_bytes(); }

 protected:
  Error damaged(const std::string& detail) const {
    return {.code = Code::kBadCompression,
            .message = "the " + name_of(packing_) + " data is damaged or cut short near stored byte " +
                       std::to_string(stored_->consumed_bytes()) + ": " + detail,
            .where = {.uri = uri(), .byte = unpacked_},
            .hint = "get the file again and compare its size with the original",
            .side = Side::kSource};
  }
  // Counts unpacked bytes in. Errors when they pass the limit.
  Result<Buffer> counted(Buffer buffer) {
    unpacked_ += buffer.size();
    if (unpacked_ <= limit_) return buffer;
    return Error{.code = Code::kBombLimit,
                 .message = "the " + name_of(packing_) + " data unpacks to more than the limit of " +
                            std::to_string(limit_) + " bytes",
                 .where = {.uri = uri(), .byte = limit_},
                 .hint = "raise it with unpack_limit, if the file can be trusted",
                 .side = Side::kSource};
  }

  std::unique_ptr<ByteSource> stored_;
  Packing packing_;
  uint64_t limit_;
  uint64_t unpacked_ = 0;
};

// gzip by zlib, because libarchive does not compare gzip's checksums.
class GzipBytes final : public Unpacking {
 public:
  GzipBytes(std::unique_ptr<ByteSource> stored, uint64_t limit) : Unpacking(std::move(stored), Packing::kGzip, limit) {}
  ~GzipBytes() override { inflateEnd(&stream_); }
  GzipBytes(const GzipBytes&) = delete;
  GzipBytes& operator=(const GzipBytes&) = delete;

  Status open() {
    constexpr int kGzipWithLargestWindow = 15 + 16;
    if (inflateInit2(&stream_, kGzipWithLargestWindow) == Z_OK) return {};
    return Error{.code = Code::kOutOfMemory, .message = "no memory to unpack gzip", .where = {.uri = uri()}};
  }
  uint64_t consumed_bytes() const noexcept override { return stored_->consumed_bytes() - stream_.avail_in; }

  Result<Buffer> read(size_t most, std::stop_token stop) override {
    most = std::min(most, size_t{1} << 30);  // zlib counts in 32 bits
    Buffer buffer = Buffer::allocate(most);
    stream_.next_out = reinterpret_cast<Bytef*>(buffer.writable());
    stream_.avail_out = static_cast<uInt>(most);
    while (stream_.avail_out == most && !done_) {
      if (stream_.avail_in == 0) {
        if (Status status = refill(stop); !status) return status;
        if (done_) break;
      }
      if (between_) {
        if (Status status = next_member(); !status) return status;
        continue;
      }
      const int code = inflate(&stream_, Z_NO_FLUSH);
      if (code == Z_STREAM_END) {
        between_ = true;
      } else if (code == Z_MEM_ERROR) {
        return Error{.code = Code::kOutOfMemory, .message = "no memory to unpack gzip", .where = {.uri = uri()}};
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return damaged(stream_.msg ? stream_.msg : "not gzip data");
      }
    }
    buffer.truncate(most - stream_.avail_out);
    return counted(std::move(buffer));
  }

 private:
  Status refill(const std::stop_token& stop) {
    Result<Buffer> next = stored_->read(kReadBytes, stop);
    if (!next) return std::move(next).error();
    input_ = *std::move(next);
    stream_.next_in = reinterpret_cast<Bytef*>(input_.writable());
    stream_.avail_in = static_cast<uInt>(input_.size());
    if (!input_.empty()) return {};
    if (!between_) return damaged("the data ends in the middle");
    done_ = true;
    return {};
  }
  // After a member: another one, or zeros that pad the file.
  Status next_member() {
    if (*stream_.next_in == 0x1f) {
      between_ = false;
      inflateReset(&stream_);
      return {};
    }
    if (*stream_.next_in != 0) return damaged("other bytes follow the end of the data");
    ++stream_.next_in;
    --stream_.avail_in;
    return {};
  }

  z_stream stream_{};
  Buffer input_{};
  bool between_ = false;  // a member has ended
  bool done_ = false;
};

// libarchive drops names that the locale cannot write; while this lives, the thread's locale can write all of them.
class NamesAreUtf8 {
 public:
  NamesAreUtf8() noexcept : ours_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (ours_ != nullptr) before_ = uselocale(ours_);
  }
  ~NamesAreUtf8() {
    if (ours_ == nullptr) return;
    uselocale(before_);
    freelocale(ours_);
  }
  NamesAreUtf8(const NamesAreUtf8&) = delete;
  NamesAreUtf8& operator=(const NamesAreUtf8&) = delete;

 private:
  locale_t ours_;
  locale_t before_ = nullptr;
};

// A walk through the entries of a zip or tar, or the one entry that libarchive makes of a compressed stream.
class Entries {
 public:
  // `stored` is borrowed.
  explicit Entries(ByteSource& stored)
      : stored_(stored), file_(dynamic_cast<FileBytes*>(&stored)), archive_(archive_read_new(), archive_read_free) {
    if (file_ != nullptr && !file_->seekable()) file_ = nullptr;
  }

  bool open(Packing packing) {
    struct archive* const in = archive_.get();
    if (in == nullptr) return false;
    if (packing == Packing::kZip) {
      archive_read_support_format_zip(in);
    } else if (packing == Packing::kTar) {
      archive_read_support_format_tar(in);
    } else {
      archive_read_support_format_raw(in);
      archive_read_support_format_empty(in);  // else a stream of no bytes is no stream
      archive_read_support_filter_zstd(in);
      archive_read_support_filter_lz4(in);
      archive_read_support_filter_xz(in);
      archive_read_support_filter_bzip2(in);
    }
    archive_read_set_callback_data(in, this);
    archive_read_set_read_callback(in, [](struct archive* a, void* self, const void** bytes) {
      return static_cast<Entries*>(self)->feed(a, bytes);
    });
    if (file_ != nullptr) {
      archive_read_set_seek_callback(in, [](struct archive*, void* self, la_int64_t offset, int whence) {
        return static_cast<Entries*>(self)->seek(offset, whence);
      });
      archive_read_set_skip_callback(
          in, [](struct archive*, void* self, la_int64_t bytes) { return static_cast<Entries*>(self)->skip(bytes); });
    }
    if (archive_read_open1(in) < ARCHIVE_WARN) return false;
    // A damaged head would else pass as bytes that are not compressed.
    return packing == Packing::kZip || packing == Packing::kTar || archive_filter_code(in, 0) != ARCHIVE_FILTER_NONE;
  }

  // Goes to the next entry that is a file. ARCHIVE_OK, ARCHIVE_EOF, or an error of libarchive.
  int next() {
    const NamesAreUtf8 guard;
    for (;;) {
      const int code = archive_read_next_header(archive_.get(), &entry_);
      if (code == ARCHIVE_RETRY) continue;
      if (code < ARCHIVE_WARN || code == ARCHIVE_EOF) return code;
      // Archives made on a Mac carry a shadow of each file.
      if (archive_entry_filetype(entry_) != AE_IFREG) continue;
      const char* text = archive_entry_pathname_utf8(entry_);
      if (text == nullptr) text = archive_entry_pathname(entry_);
      name_ = text ? text : "";
      if (!name_.starts_with("__MACOSX/")) return ARCHIVE_OK;
    }
  }
  // Damage at the very start looks like an empty stream, but has left an error.
  bool whole() const { return archive_errno(archive_.get()) == 0; }
  const std::string& name() const { return name_; }
  bool encrypted() const { return archive_entry_is_encrypted(entry_) != 0; }
  la_ssize_t read(void* to, size_t most, std::stop_token stop) {
    stop_ = std::move(stop);
    return archive_read_data(archive_.get(), to, most);
  }
  std::string detail() const {
    const char* text = archive_ ? archive_error_string(archive_.get()) : nullptr;
    return text ? text : "its head is not whole";
  }
  // What the stored bytes themselves said, ok when the fault lies in their content.
  Status& failure() { return failure_; }

 private:
  la_ssize_t feed(struct archive* in, const void** bytes) {
    Result<Buffer> next = stored_.read(kReadBytes, stop_);
    if (!next) {
      archive_set_error(in, EIO, "the stored bytes cannot be read");
      failure_ = std::move(next).error();
      return -1;
    }
    fed_ = *std::move(next);
    *bytes = fed_.data();
    return static_cast<la_ssize_t>(fed_.size());
  }
  la_int64_t seek(la_int64_t offset, int whence) {
    const auto size = static_cast<la_int64_t>(*file_->total_bytes());
    const la_int64_t base = whence == SEEK_SET   ? 0
                            : whence == SEEK_CUR ? static_cast<la_int64_t>(file_->consumed_bytes())
                                                 : size;
    const la_int64_t target = std::clamp<la_int64_t>(base + offset, 0, size);
    file_->seek(static_cast<uint64_t>(target));
    return target;
  }
  la_int64_t skip(la_int64_t bytes) {
    const auto before = static_cast<la_int64_t>(file_->consumed_bytes());
    return seek(bytes, SEEK_CUR) - before;
  }

  ByteSource& stored_;
  FileBytes* file_;  // null when `stored_` cannot seek
  std::unique_ptr<struct archive, int (*)(struct archive*)> archive_;
  struct archive_entry* entry_ = nullptr;
  std::string name_{};
  Buffer fed_{};
  std::stop_token stop_{};
  Status failure_{};
};

std::string list(const std::vector<std::string>& names) {
  constexpr size_t kMost = 10;
  std::string text;
  for (size_t at = 0; at < std::min(names.size(), kMost); ++at) text += (at ? ", " : "") + names[at];
  if (names.size() > kMost) text += ", ... (" + std::to_string(names.size()) + " in all)";
  return text;
}

Error several_members(const std::string& uri, const std::vector<std::string>& names) {
  return {.code = Code::kUsage,
          .message = "the archive holds several files: " + list(names),
          .where = {.uri = uri},
          .expected = "an archive of one file, or the name of the member to read",
          .hint = "choose one with member=" + names.front(),
          .side = Side::kSource};
}

// One member of an archive, or all of a compressed stream.
class ArchiveBytes final : public Unpacking {
 public:
  ArchiveBytes(std::unique_ptr<ByteSource> stored, Packing packing, const ReadFileOptions& options)
      : Unpacking(std::move(stored), packing, options.unpack_limit), entries_(*stored_), member_(options.member) {}

  bool holds_members() const noexcept { return packing_ == Packing::kZip || packing_ == Packing::kTar; }

  Status open() {
    if (!entries_.open(packing_)) return fault();
    for (;;) {
      const int code = entries_.next();
      if (code == ARCHIVE_EOF) break;
      if (code != ARCHIVE_OK) return fault();
      if (!holds_members()) return {};
      names_.push_back(entries_.name());
      if (member_.empty() || names_.back() == member_) return check_readable();
    }
    done_ = true;
    if (holds_members()) return no_such_member();
    return entries_.whole() ? Status() : Status(fault());
  }

  // Before any byte is given out where the file can be read twice, so that nobody loads the first of many.
  static Status check_single(FileBytes& file, Packing packing) {
    Entries entries(file);
    std::vector<std::string> names;
    if (entries.open(packing))
      while (entries.next() == ARCHIVE_OK) names.push_back(entries.name());
    file.seek(0);
    // Faults are told by the reading itself, which knows where.
    return names.size() < 2 ? Status() : Status(several_members(file.uri(), names));
  }

  uint64_t consumed_bytes() const noexcept override {
    return done_ && total_bytes() ? *total_bytes() : stored_->consumed_bytes();
  }

  Result<Buffer> read(size_t most, std::stop_token stop) override {
    if (done_) return Buffer();
    Buffer buffer = Buffer::allocate(most);
    const la_ssize_t count = entries_.read(buffer.writable(), most, stop);
    if (count < 0) return fault();
    buffer.truncate(static_cast<size_t>(count));
    if (count > 0) return counted(std::move(buffer));
    done_ = true;
    if (Status status = check_last(); !status) return status;
    if (holds_members()) return drain(std::move(stop));
    return buffer;
  }

 private:
  Error fault() {
    if (!entries_.failure()) return std::move(entries_.failure()).error();
    return damaged(entries_.detail());
  }
  Status check_readable() const {
    if (!entries_.encrypted()) return {};
    return Error{.code = Code::kReadFailed,
                 .message = "the archive's member is encrypted: " + names_.back(),
                 .where = {.uri = uri()},
                 .expected = "a member without a password",
                 .hint = "unpack it with its password first, as with unzip",
                 .side = Side::kSource};
  }
  // An archive from a pipe shows only at the end of its first member whether there are more.
  Status check_last() {
    if (!holds_members() || !member_.empty()) return {};
    int code = entries_.next();
    for (; code == ARCHIVE_OK; code = entries_.next()) names_.push_back(entries_.name());
    if (names_.size() > 1) return several_members(uri(), names_);
    if (code != ARCHIVE_EOF) return fault();
    return {};
  }
  // Layers below compare their checksums at their end, and whoever fills a pipe wants to be heard out.
  Result<Buffer> drain(const std::stop_token& stop) {
    const auto* file = dynamic_cast<const FileBytes*>(stored_.get());
    while (file == nullptr || !file->seekable()) {
      Result<Buffer> rest = stored_->read(kReadBytes, stop);
      if (!rest || rest->empty()) return rest;
    }
    return Buffer();
  }
  Error no_such_member() const {
    Error error{.code = Code::kNotFound, .where = {.uri = uri()}, .side = Side::kSource};
    if (names_.empty()) {
      error.code = Code::kEmpty;
      error.message = "the archive holds no file";
      return error;
    }
    error.message = "the archive has no member of this name: " + member_;
    error.expected = "one of " + list(names_);
    const std::string near = nearest_name(member_, names_);
    error.hint = "choose one with member=" + (near.empty() ? names_.front() : near);
    return error;
  }

  Entries entries_;
  std::string member_;
  std::vector<std::string> names_{};
  bool done_ = false;
};

// A stream whose first bytes were looked at.
class Peeked final : public ByteSource {
 public:
  explicit Peeked(std::unique_ptr<ByteSource> rest) : rest_(std::move(rest)) {}
  // Reads the first bytes, at least kHeadBytes where there are as many.
  Result<std::string_view> peek(const std::stop_token& stop) {
    while (head_.size() < kHeadBytes) {
      Result<Buffer> next = rest_->read(head_.empty() ? kReadBytes : kHeadBytes, stop);
      if (!next) return std::move(next).error();
      if (next->empty()) break;
      head_ = head_.empty() ? *std::move(next) : joined(head_.text(), next->text());
    }
    return head_.text();
  }
  Result<Buffer> read(size_t most, std::stop_token stop) override {
    if (head_.empty()) return rest_->read(most, std::move(stop));
    Buffer part = head_.slice(0, std::min(most, head_.size()));
    head_ = head_.slice(part.size(), head_.size() - part.size());
    return part;
  }
  const std::string& uri() const noexcept override { return rest_->uri(); }
  std::optional<uint64_t> total_bytes() const noexcept override { return rest_->total_bytes(); }
  uint64_t consumed_bytes() const noexcept override { return rest_->consumed_bytes(); }

 private:
  static Buffer joined(std::string_view a, std::string_view b) {
    Buffer both = Buffer::allocate(a.size() + b.size());
    std::copy(a.begin(), a.end(), reinterpret_cast<char*>(both.writable()));
    std::copy(b.begin(), b.end(), reinterpret_cast<char*>(both.writable()) + a.size());
    return both;
  }
  std::unique_ptr<ByteSource> rest_;
  Buffer head_{};
};

struct Looked {
  std::unique_ptr<ByteSource> bytes;
  Packing packing;
};

// Tells what the stream is packed with and gives it back unread.
Result<Looked> look(std::unique_ptr<ByteSource> bytes, const std::stop_token& stop) {
  if (auto* file = dynamic_cast<FileBytes*>(bytes.get()); file != nullptr && file->seekable()) {
    const Result<Buffer> head = file->read(kHeadBytes, stop);
    if (!head) return head.error();
    file->seek(0);
    return Looked{std::move(bytes), detect(head->text())};
  }
  auto peeked = std::make_unique<Peeked>(std::move(bytes));
  const Result<std::string_view> head = peeked->peek(stop);
  if (!head) return head.error();
  const Packing packing = detect(*head);
  return Looked{std::move(peeked), packing};
}

Result<std::unique_ptr<ByteSource>> unpack_layer(Looked looked, const ReadFileOptions& options) {
  if (looked.packing == Packing::kGzip) {
    auto gzip = std::make_unique<GzipBytes>(std::move(looked.bytes), options.unpack_limit);
    if (Status status = gzip->open(); !status) return status;
    return std::unique_ptr<ByteSource>(std::move(gzip));
  }
  auto* file = dynamic_cast<FileBytes*>(looked.bytes.get());
  const bool archive = looked.packing == Packing::kZip || looked.packing == Packing::kTar;
  if (archive && options.member.empty() && file != nullptr && file->seekable())
    if (Status status = ArchiveBytes::check_single(*file, looked.packing); !status) return status;
  auto unpacked = std::make_unique<ArchiveBytes>(std::move(looked.bytes), looked.packing, options);
  if (Status status = unpacked->open(); !status) return status;
  return std::unique_ptr<ByteSource>(std::move(unpacked));
}

Error no_archive(const std::string& uri, const std::string& member) {
  return {.code = Code::kBadOption,
          .message = "a member is asked for, but the source is not an archive: " + member,
          .where = {.uri = uri},
          .expected = "a zip or tar archive",
          .hint = "leave the option member out",
          .side = Side::kSource};
}

}  // namespace

Result<std::unique_ptr<ByteSource>> unpack(std::unique_ptr<ByteSource> stored, const ReadFileOptions& options,
                                           std::stop_token stop) {
  ReadFileOptions left = options;
  const std::string uri = stored->uri();
  for (int layer = 0;; ++layer) {
    Result<Looked> looked = look(std::move(stored), stop);
    if (!looked) return std::move(looked).error();
    if (looked->packing == Packing::kNone) {
      if (!left.member.empty()) return no_archive(uri, left.member);
      return std::move(looked->bytes);
    }
    if (layer == kMostLayers)
      return Error{.code = Code::kBombLimit,
                   .message = "the data is packed more than " + std::to_string(kMostLayers) + " times over",
                   .where = {.uri = uri},
                   .hint = "unpack it by hand, if it can be trusted",
                   .side = Side::kSource};
    const bool archive = looked->packing == Packing::kZip || looked->packing == Packing::kTar;
    Result<std::unique_ptr<ByteSource>> next = unpack_layer(*std::move(looked), left);
    if (!next) return next;
    stored = *std::move(next);
    if (archive) left.member.clear();
  }
}

Result<std::unique_ptr<ByteSource>> open_bytes(std::string_view path, const ReadFileOptions& options,
                                               std::stop_token stop) {
  if (options.compression != "auto" && options.compression != "none")
    return Error{.code = Code::kBadOption,
                 .message = "files are not read with this compression: " + options.compression,
                 .where = {.uri = std::string(path)},
                 .expected = "auto, none",
                 .hint = "auto tells gzip, zstd, lz4, xz, bzip2, zip and tar by their content",
                 .side = Side::kSource};
  Result<std::unique_ptr<FileBytes>> file = FileBytes::open(path);
  if (!file) return std::move(file).error();
  if (options.compression == "auto") return unpack(*std::move(file), options, std::move(stop));
  if (!options.member.empty()) return no_archive(std::string(path), options.member);
  return std::unique_ptr<ByteSource>(*std::move(file));
}

}  // namespace flatbed
