// Bearer tokens. Enters: a source of tokens. Leaves: one that is good now. Invariant: no message holds a token.
#include "bytes/bearer.hpp"

#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>

namespace flatbed {
namespace {

constexpr int64_t kMostLead = 30;  // seconds before its end at which a token is renewed

int64_t now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// Undoes base64url without padding; what is no such text gives less.
std::string base64url_decoded(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) break;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 255);
  }
  return bytes;
}

// A header cannot hold line breaks, and one would let a token write headers of its own.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

}  // namespace

std::optional<int64_t> expiry_of(std::string_view token) {
  const size_t begin = token.find('.') + 1;  // npos + 1 is 0
  const size_t end = token.find('.', begin);
  if (begin == 0 || end == std::string_view::npos) return std::nullopt;
  simdjson::dom::parser parser;
  simdjson::dom::element payload;
  double seconds = 0;
  if (parser.parse(base64url_decoded(token.substr(begin, end - begin))).get(payload) != simdjson::SUCCESS) return {};
  if (payload["exp"].get(seconds) != simdjson::SUCCESS || !(seconds > 0 && seconds < 1e15)) return std::nullopt;
  return static_cast<int64_t>(seconds);
}

TokenSource token_of_file(std::string path) {
  return [path = std::move(path)]() -> Result<std::string> {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
      return Error{.code = Code::kNotFound,
                   .message = "the file of the token cannot be read: " + path,
                   .hint = "check token_file=FILE"};
    }
    std::string token{std::istreambuf_iterator<char>(file), {}};
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' ')) token.pop_back();
    return token;
  };
}

Result<std::string> Bearer::renewed() {
  auto token = renew_();
  if (!token) return token;
  if (!is_token(*token)) {
    return Error{.code = Code::kAuth,
                 .message = token->empty() ? "the token is empty" : "the token holds a space or a control character",
                 .hint = "check what token, token_file or the callback gives"};
  }
  token_ = std::move(*token);
  renew_at_.reset();
  if (const auto expiry = expiry_of(token_)) {
    // A third of a short life is left, so that a token is not renewed at each use.
    const int64_t life = std::max<int64_t>(*expiry - now(), 0);
    renew_at_ = *expiry - std::min(kMostLead, life / 3);
  }
  return token_;
}

Result<std::string> Bearer::current() {
  const std::lock_guard lock(mutex_);
  if (!token_.empty() && (!renew_at_ || now() < *renew_at_)) return token_;
  return renewed();
}

bool Bearer::refused(const std::string& token) {
  const std::lock_guard lock(mutex_);
  if (token_ != token) return true;  // another thread has a new one already
  auto fresh = renewed();
  return fresh.ok() && *fresh != token;
}

}  // namespace flatbed
