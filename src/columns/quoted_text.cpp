// Quoted text. Enters: any bytes, or text with escapes. Leaves: the one or the other.
// Invariant: read_quoted() gives back what append_quoted() was given.
#include "columns/quoted_text.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace flatbed {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Escapes with one letter, and the byte each stands for; ClickHouse writes the first six only.
constexpr std::array<std::pair<char, char>, 9> kEscapes = {{{'0', '\0'},
                                                            {'b', '\b'},
                                                            {'f', '\f'},
                                                            {'n', '\n'},
                                                            {'r', '\r'},
                                                            {'t', '\t'},
                                                            {'a', '\a'},
                                                            {'e', '\x1b'},
                                                            {'v', '\v'}}};
constexpr size_t kWrittenEscapes = 6;

// Writes what is meant by a backslash and what follows it at `at`, and returns the end.
char* put_meant(std::string_view text, size_t& at, char* to) noexcept {
  const char c = text[at++];
  if (c == 'x' && at + 2 <= text.size() && hex_digit(text[at]) >= 0 && hex_digit(text[at + 1]) >= 0) {
    *to++ = static_cast<char>(hex_digit(text[at]) * 16 + hex_digit(text[at + 1]));
    at += 2;
    return to;
  }
  const auto* escape = std::ranges::find(kEscapes, c, &std::pair<char, char>::first);
  const bool known = escape != kEscapes.end();
  if (!known && std::string_view("\\`\"'/").find(c) == std::string_view::npos) *to++ = '\\';
  *to++ = known ? escape->second : c;
  return to;
}

// Returns the letter that stands for a byte behind a backslash where texts are written, or 0.
char letter_of(char byte) noexcept {
  const auto written = std::span(kEscapes).first<kWrittenEscapes>();
  const auto escape = std::ranges::find(written, byte, &std::pair<char, char>::second);
  return escape == written.end() ? '\0' : escape->first;
}

// Words that ClickHouse reads as something else where a column's name may stand.
bool needs_quotes(std::string_view name) {
  constexpr std::string_view kWords[] = {"all",  "constraint", "distinct",   "false",  "from",  "index",
                                         "null", "primary",    "projection", "select", "table", "true"};
  if (name.empty() || (name[0] >= '0' && name[0] <= '9') || !std::ranges::all_of(name, is_name_byte)) return true;
  std::string small(name);
  for (char& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::ranges::find(kWords, small) != std::end(kWords);
}

}  // namespace

void append_quoted(std::string_view text, char quote, std::string& out) {
  out += quote;
  for (const char c : text) {
    if (const char letter = letter_of(c)) {
      out += {'\\', letter};
    } else {
      if (c == quote || c == '\\') out += '\\';
      out += c;
    }
  }
  out += quote;
}

void append_identifier(std::string_view name, std::string& out) {
  if (needs_quotes(name))
    append_quoted(name, '`', out);
  else
    out += name;
}

bool read_quoted(std::string_view text, size_t& at, std::string& value) {
  const char quote = text[at++];
  while (at < text.size()) {
    const char c = text[at++];
    if (c == '\\') {
      if (at == text.size()) return false;
      char meant[2];
      value.append(meant, put_meant(text, at, meant));
    } else if (c != quote) {
      value += c;
    } else if (at < text.size() && text[at] == quote) {
      value += text[at++];
    } else {
      return true;
    }
  }
  return false;
}

char* put_escaped(std::string_view text, char* to) noexcept {
  for (const char c : text) {
    const char letter = letter_of(c);
    if (letter != 0 || c == '\\') *to++ = '\\';
    *to++ = letter != 0 ? letter : c;
  }
  return to;
}

char* put_without_escapes(std::string_view escaped, char* to) noexcept {
  for (size_t at = 0; at < escaped.size();) {
    const char c = escaped[at++];
    if (c == '\\' && at < escaped.size())
      to = put_meant(escaped, at, to);
    else
      *to++ = c;
  }
  return to;
}

}  // namespace flatbed
