// Endpoints as text. Enters: what a person typed. Leaves: its parts, and a form that is safe to show.
#include <charconv>

#include "flatbed/registry.hpp"

namespace flatbed {
namespace {

bool is_scheme(std::string_view text) {
  // One letter before a colon is a drive on other systems and a likely file name here: never a scheme.
  if (text.size() < 2 || text[0] < 'a' || text[0] > 'z') return false;
  for (const char c : text) {
    if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '+' && c != '-' && c != '.') return false;
  }
  return true;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0) return std::nullopt;
    decoded += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
    i += 2;
  }
  return decoded;
}

bool names_a_secret(std::string_view option) {
  for (const std::string_view word : {"password", "token", "secret", "proxy"}) {
    if (option.find(word) != std::string_view::npos) return true;
  }
  return false;
}

// Whoever has a signed address may read what it names, and signers give its parts many names.
bool may_sign(std::string_view parameter) {
  std::string name(parameter);
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const std::string_view word : {"sig", "key", "auth", "cred", "policy", "pass", "code", "session", "jwt"}) {
    if (name.find(word) != std::string::npos) return true;
  }
  return names_a_secret(name);
}

// What is left to read of the text, and the first thing that was wrong with it.
struct Parser {
  std::string_view rest;
  const char* problem = nullptr;

  std::string_view take_until(std::string_view stops) {
    const size_t end = std::min(rest.find_first_of(stops), rest.size());
    const std::string_view taken = rest.substr(0, end);
    rest.remove_prefix(end);
    return taken;
  }
  std::string decode(std::string_view text) {
    auto decoded = percent_decoded(text);
    if (!decoded) problem = "a % is not followed by two hexadecimal digits";
    return decoded.value_or("");
  }
};

void parse_authority(Parser& parser, Uri& uri) {
  const bool on_the_web = uri.scheme == "http" || uri.scheme == "https";
  std::string_view authority = parser.take_until(on_the_web ? "/?#" : "/?");
  // A / or ? in a password would end the authority early and leave the rest of the secret in the path.
  const std::string_view names = parser.rest.substr(0, parser.rest.find('='));
  if (!on_the_web && !authority.empty() && authority.find('@') == std::string_view::npos &&
      names.find('@') != std::string_view::npos) {
    parser.problem = "an @ stands behind a / or ?";
    return;
  }
  const size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view account = authority.substr(0, at);
    const size_t colon = account.find(':');
    uri.user = parser.decode(account.substr(0, colon));
    uri.shown += account.substr(0, colon);
    if (colon != std::string_view::npos) {
      uri.password = parser.decode(account.substr(colon + 1));
      uri.shown += ":***";
    }
    uri.shown += '@';
    authority.remove_prefix(at + 1);
  }
  uri.shown += authority;
  size_t host_end = authority.rfind(':');
  if (!authority.empty() && authority[0] == '[') {  // an IPv6 address has colons of its own
    const size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) parser.problem = "the [ of an IPv6 address is not closed";
    uri.host = std::string(authority.substr(1, bracket - 1));
    if (host_end != std::string_view::npos && host_end < bracket) host_end = std::string_view::npos;
  } else {
    uri.host = parser.decode(authority.substr(0, host_end));
  }
  if (host_end == std::string_view::npos) return;
  const std::string_view digits = authority.substr(host_end + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), uri.port);
  if (error != std::errc{} || end != digits.data() + digits.size() || uri.port == 0) {
    parser.problem = "the port is not a number from 1 to 65535";
  }
}

void parse_query(Parser& parser, Uri& uri) {
  char before = '?';
  while (!parser.rest.empty()) {
    parser.rest.remove_prefix(1);  // the ? or &
    const std::string_view pair = parser.take_until("&");
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string name = parser.decode(pair.substr(0, equals));
    const std::string_view value = equals < pair.size() ? pair.substr(equals + 1) : std::string_view();
    uri.query[name] = parser.decode(value);
    uri.shown += before;
    uri.shown += pair.substr(0, equals);
    uri.shown += '=';
    uri.shown += names_a_secret(name) ? "***" : value;
    before = '&';
  }
}

// The path and the query of a file on the web, which are sent as they are given.
void parse_web_path(Parser& parser, Uri& uri) {
  uri.path = std::string(parser.rest.substr(0, parser.rest.find('#')));
  const std::string_view path = parser.take_until("?#");
  uri.shown += path;
  char before = '?';
  while (parser.rest.starts_with(before)) {
    parser.rest.remove_prefix(1);
    const std::string_view pair = parser.take_until("&#");
    const size_t equals = pair.find('=');
    uri.shown += before;
    uri.shown += may_sign(pair.substr(0, equals)) ? std::string(pair.substr(0, equals)) + "=***" : std::string(pair);
    before = '&';
  }
}

}  // namespace

Result<Uri> parse_uri(std::string_view text) {
  if (text.empty()) {
    return Error{.code = Code::kBadUri, .message = "the address is empty", .hint = "give a path, - or scheme://..."};
  }
  Uri uri;
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || !is_scheme(text.substr(0, colon))) {
    uri.scheme = "file";
    uri.path = uri.shown = std::string(text);
    return uri;
  }
  uri.scheme = std::string(text.substr(0, colon));
  if (uri.scheme == "file") {  // everything after it is a path, where % and ? are themselves
    text.remove_prefix(colon + 1);
    uri.path = std::string(text.starts_with("///") ? text.substr(2) : text);
    uri.shown = uri.path;
    return uri;
  }
  Parser parser{text.substr(colon + 1)};
  uri.shown = uri.scheme + ":";
  if (parser.rest.starts_with("//")) {
    parser.rest.remove_prefix(2);
    uri.shown += "//";
    parse_authority(parser, uri);
  }
  if (uri.scheme == "http" || uri.scheme == "https") {
    parse_web_path(parser, uri);
  } else {
    const std::string_view path = parser.take_until("?");
    uri.path = parser.decode(path);
    uri.shown += path;
    parse_query(parser, uri);
  }
  if (parser.problem != nullptr) {
    return Error{.code = Code::kBadUri,
                 // The text may hold a secret that was not recognised as one, so it is not shown.
                 .message = std::string(parser.problem) + " in the " + uri.scheme + ": address",
                 .hint =
                     "write it as scheme://user:password@host:port/database/table, and special characters of names and "
                     "passwords as %XX: / is %2F, ? is %3F, @ is %40"};
  }
  return uri;
}

}  // namespace flatbed
