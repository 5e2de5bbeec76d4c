// What a cell looks like. Enters: the text of a cell. Leaves: a CellKind. Invariant: one pass over the text, and the
// kinds are tried from the strictest to the loosest, so that each text has exactly one.
#include "dialect/cell_kind.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace flatbed {
namespace {

// Classes of bytes, as bits, so that "only these occur" is one comparison.
enum : uint32_t {
  kDigit = 1,
  kLetter = 2,
  kSpace = 4,
  kSign = 8,       // + -
  kPoint = 16,     // .
  kComma = 32,     // ,
  kColon = 64,     // :
  kSlash = 128,    // /
  kMark = 256,     // punctuation of prose and names
  kPercent = 512,  // %
  kCurrency = 1024,
  kAt = 2048,
  kSuspect = 4096,  // delimiters and quotes
  kControl = 8192,
  kUnderscore = 16384,
  kBracket = 32768,
};

constexpr uint32_t class_of(unsigned char c) {
  if (c >= '0' && c <= '9') return kDigit;
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80) return kLetter;
  switch (c) {
    case ' ':
      return kSpace;
    case '+':
    case '-':
      return kSign;
    case '.':
      return kPoint;
    case ',':
      return kComma;
    case ':':
      return kColon;
    case '/':
      return kSlash;
    case '%':
      return kPercent;
    case '$':
      return kCurrency;
    case '@':
      return kAt;
    case '_':
      return kUnderscore;
    case '(':
    case ')':
    case '[':
    case ']':
    case '{':
    case '}':
      return kBracket;
    case '"':
    case ';':
    case '|':
    case '\t':
    case '^':
    case '~':
      return kSuspect;
    default:
      return c < 0x20 || c == 0x7f ? kControl : kMark;
  }
}

constexpr auto kClasses = [] {
  std::array<uint32_t, 256> classes{};
  for (size_t c = 0; c < classes.size(); ++c) classes[c] = class_of(static_cast<unsigned char>(c));
  return classes;
}();

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

size_t digits_at(std::string_view text) noexcept {
  size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  return count;
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Digits with groups of three or a fraction: 12, 1,234,567, 1.234,5, .5
bool is_plain_number(std::string_view text) noexcept {
  size_t separators = 0, digits = 0;
  char last = 0;
  bool mixed = false;
  while (!text.empty()) {
    const size_t run = digits_at(text);
    digits += run;
    text.remove_prefix(run);
    if (text.empty()) break;
    if (text[0] != '.' && text[0] != ',') return false;
    if (mixed || (run == 0 && separators > 0)) return false;
    // After the first separator that differs only the fraction may follow.
    mixed = separators > 0 && text[0] != last;
    if (separators > 0 && run != 3) return false;
    last = text[0];
    ++separators;
    text.remove_prefix(1);
    if (separators > 1 && !mixed && digits_at(text) != 3) return false;
  }
  return digits > 0;
}

bool is_number(std::string_view text) noexcept {
  constexpr std::string_view kCurrencies[] = {"$", "\xe2\x82\xac", "\xc2\xa3", "\xc2\xa5"};
  if (text.front() == '+' || text.front() == '-') text.remove_prefix(1);
  for (const std::string_view currency : kCurrencies) {
    if (text.starts_with(currency)) text = trimmed(text.substr(currency.size()));
    if (text.ends_with(currency)) text = trimmed(text.substr(0, text.size() - currency.size()));
  }
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.ends_with('%')) text = trimmed(text.substr(0, text.size() - 1));
  const size_t exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos) {
    std::string_view power = text.substr(exponent + 1);
    if (!power.empty() && (power[0] == '-' || power[0] == '+')) power.remove_prefix(1);
    if (power.empty() || digits_at(power) != power.size()) return false;
    text = text.substr(0, exponent);
  }
  return is_plain_number(text);
}

// Three groups of digits with the same separator, such as 2013-01-31 or 1.2.13.
size_t date_length(std::string_view text) noexcept {
  size_t at = 0;
  char separator = 0;
  for (int group = 0; group < 3; ++group) {
    const size_t run = digits_at(text.substr(at));
    if (run == 0 || run == 3 || run > 4) return 0;
    at += run;
    if (group == 2) return at;
    if (at >= text.size()) return 0;
    const char c = text[at++];
    if ((c != '-' && c != '/' && c != '.') || (group == 1 && c != separator)) return 0;
    separator = c;
  }
  return at;
}

// hh:mm, with seconds, a fraction, am or pm, a zone.
bool is_clock(std::string_view text) noexcept {
  const size_t hours = digits_at(text);
  if (hours == 0 || hours > 2 || hours + 2 >= text.size() || text[hours] != ':' ||
      digits_at(text.substr(hours + 1)) != 2)
    return false;
  return text.find_first_not_of("0123456789:.+-ZAaPpMm ", hours) == std::string_view::npos;
}

bool is_time(std::string_view text) noexcept {
  const size_t date = date_length(text);
  if (date == text.size()) return date > 0;
  if (date == 0) return is_clock(text);
  return (text[date] == ' ' || text[date] == 'T') && is_clock(trimmed(text.substr(date + 1)));
}

bool has_known_form(std::string_view text, uint32_t seen) noexcept {
  if (text.starts_with("http://") || text.starts_with("https://") || text.starts_with("ftp://"))
    return !(seen & kSpace);
  if ((seen & kAt) && !(seen & kSpace)) {
    const size_t at = text.find('@');
    return at > 0 && text.find('.', at) != std::string_view::npos && !(seen & (kComma | kSuspect));
  }
  if (text.size() > 3 && text.substr(1, 2) == ":\\" && kClasses[static_cast<unsigned char>(text[0])] == kLetter)
    return true;
  // A UUID, a version or an IPv4 address.
  if (text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-') return true;
  if ((seen & ~(kDigit | kPoint)) == 0 && (seen & kDigit)) return true;
  // A telephone number.
  return (seen & ~(kDigit | kSign | kSpace | kBracket)) == 0 && (seen & kDigit) && digits_at(text) < text.size();
}

// A delimiter inside brackets cuts them apart.
bool brackets_match(std::string_view text) noexcept {
  int round = 0, square = 0, curly = 0;
  for (const char c : text) {
    round += (c == '(') - (c == ')');
    square += (c == '[') - (c == ']');
    curly += (c == '{') - (c == '}');
  }
  return round == 0 && square == 0 && curly == 0;
}

// Prose has a space after its commas.
bool has_tight_comma(std::string_view text) noexcept {
  for (size_t at = text.find(','); at != std::string_view::npos; at = text.find(',', at + 1))
    if (at + 1 < text.size() && text[at + 1] != ' ') return true;
  return false;
}

}  // namespace

CellKind cell_kind(std::string_view text) noexcept {
  text = trimmed(text);
  if (text.empty()) return CellKind::kEmpty;
  uint32_t seen = 0;
  for (const char c : text) seen |= kClasses[static_cast<unsigned char>(c)];
  if ((seen & (kDigit | kSuspect)) == kDigit) {
    if (is_number(text)) return CellKind::kNumber;
    if (is_time(text)) return CellKind::kTime;
  }
  if ((seen & kBracket) && !brackets_match(text)) return CellKind::kOdd;
  if (text == "true" || text == "false" || text == "TRUE" || text == "FALSE" || text == "True" || text == "False")
    return CellKind::kName;
  if ((seen & kSuspect) == 0 && has_known_form(text, seen)) return CellKind::kName;
  if ((seen & kComma) && has_tight_comma(text)) return CellKind::kOdd;
  if ((seen & ~(kLetter | kDigit | kUnderscore | kSign | kPoint)) == 0 && (seen & (kLetter | kDigit)))
    return CellKind::kWord;
  if ((seen & (kSuspect | kControl)) == 0 && (seen & (kLetter | kDigit))) return CellKind::kText;
  return CellKind::kOdd;
}

}  // namespace flatbed
