// Text of other encodings. Enters: a stream of bytes and the name of its encoding. Leaves: the same text as UTF-8.
// Invariant: bytes that the encoding does not know end in an error that names their place; none is replaced.
#include "bytes/encoding.hpp"

#include <iconv.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace flatbed {
namespace {

// Owns a conversion of iconv.
class Conversion {
 public:
  explicit Conversion(const std::string& from) : handle_(iconv_open("UTF-8", from.c_str())) {}
  ~Conversion() {
    if (known()) iconv_close(handle_);
  }
  Conversion(const Conversion&) = delete;
  Conversion& operator=(const Conversion&) = delete;
  bool known() const noexcept { return handle_ != iconv_t(-1); }

  // Converts as much of `from` as goes into `to`; returns 0 or the error number.
  int run(std::string_view& from, char*& to, size_t& room) noexcept {
    char* in = const_cast<char*>(from.data());
    size_t left = from.size();
    const bool ok = iconv(handle_, &in, &left, &to, &room) != static_cast<size_t>(-1);
    const int number = ok ? 0 : errno;
    from.remove_prefix(from.size() - left);
    return number;
  }

 private:
  iconv_t handle_;
};

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return lower;
}

std::string in_hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += text.empty() ? "" : " ";
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

// iconv has other names, and for Shift-JIS one table in which the byte 5C is a yen sign and one in which it stays.
std::string iconv_name(const std::string& name) {
  if (name == "latin-1" || name == "latin1") return "iso-8859-1";
  if (name == "shift_jis" || name == "shift-jis" || name == "sjis") return "cp932";
  return name;
}

class EncodedBytes final : public ByteSource {
 public:
  EncodedBytes(std::unique_ptr<ByteSource> stored, std::string encoding, const std::string& iconv_name)
      : stored_(std::move(stored)), encoding_(std::move(encoding)), conversion_(iconv_name) {}
  const std::string& uri() const noexcept override { return stored_->uri(); }
  std::optional<uint64_t> total_bytes() const noexcept override { return stored_->total_bytes(); }
  uint64_t consumed_bytes() const noexcept override { return stored_->consumed_bytes(); }

  Result<Buffer> read(size_t most, std::stop_token stop) override {
    if (!conversion_.known()) return unknown();
    while (ready_.empty() && !ended_) {
      if (Status status = convert(std::max(most, kLeastRoom), stop); !status) return status;
    }
    Buffer part = ready_.slice(0, std::min(most, ready_.size()));
    ready_ = ready_.slice(part.size(), ready_.size() - part.size());
    return part;
  }

 private:
  static constexpr size_t kLeastRoom = 4096;

  // Fills ready_, unless the input has too little for one character.
  Status convert(size_t room, const std::stop_token& stop) {
    if (rest_.empty() || short_of_more_)
      if (Status status = refill(room, stop); !status || ended_) return status;
    ready_ = Buffer::allocate(room);
    char* to = reinterpret_cast<char*>(ready_.writable());
    const size_t before = rest_.size();
    const int number = conversion_.run(rest_, to, room);
    at_ += before - rest_.size();
    ready_.truncate(static_cast<size_t>(to - ready_.chars()));
    short_of_more_ = number == EINVAL;
    // What came before the fault is handed out first.
    return number == EILSEQ && ready_.empty() ? invalid("are no text in") : Status();
  }

  // Puts the next stored bytes behind the few that are left over, a part of one character.
  Status refill(size_t most, const std::stop_token& stop) {
    Result<Buffer> next = stored_->read(most, stop);
    if (!next) return std::move(next).error();
    if (next->empty()) {
      ended_ = true;
      return rest_.empty() ? Status() : invalid("end in the middle of a character of");
    }
    if (rest_.empty()) {
      input_ = *std::move(next);
    } else {
      Buffer joined = Buffer::allocate(rest_.size() + next->size());
      std::memcpy(joined.writable(), rest_.data(), rest_.size());
      std::memcpy(joined.writable() + rest_.size(), next->data(), next->size());
      input_ = std::move(joined);
    }
    rest_ = input_.text();
    return {};
  }

  Status invalid(const char* how) const {
    const std::string_view bytes = rest_.substr(0, 4);
    return Error{.code = Code::kEncodingUnknown,
                 .message = std::string("the bytes ") + how + " " + encoding_ + ": " + in_hex(bytes),
                 .where = {.uri = uri(), .byte = at_},
                 .expected = "text in " + encoding_,
                 .hint = "name the right encoding with --encoding, such as utf-8, utf-16le, latin-1 or cp1252",
                 .raw = std::string(bytes),
                 .side = Side::kSource};
  }
  Error unknown() const {
    return {.code = Code::kEncodingUnknown,
            .message = "this encoding is not known: " + encoding_,
            .where = {.uri = uri()},
            .expected = "utf-8, utf-16le, utf-16be, latin-1, cp1252, or another name that iconv knows",
            .hint = "iconv --list prints the names",
            .side = Side::kSource};
  }

  std::unique_ptr<ByteSource> stored_;
  std::string encoding_;
  Conversion conversion_;
  Buffer input_{};
  std::string_view rest_{};  // of input_
  uint64_t at_ = 0;          // stored place of rest_
  bool short_of_more_ = false;
  bool ended_ = false;
  Buffer ready_{};
};

}  // namespace

std::unique_ptr<ByteSource> to_utf8(std::unique_ptr<ByteSource> bytes, std::string_view encoding) {
  const std::string name = in_lower_case(encoding);
  if (name.empty() || name == "utf-8" || name == "utf8" || name == "utf-8-sig" || name == "ascii") return bytes;
  return std::make_unique<EncodedBytes>(std::move(bytes), name, iconv_name(name));
}

}  // namespace flatbed
