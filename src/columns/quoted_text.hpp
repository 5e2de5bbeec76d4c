// Quoted text as ClickHouse writes it: in types, identifiers and nested values.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace flatbed {

/// Appends `text` between quotes, with the escapes \b \f \n \r \t \0 \\ and that of the quote.
void append_quoted(std::string_view text, char quote, std::string& out);

/// Reads a quoted text that begins at `at`, and moves `at` behind it. A doubled quote stands for one; \xHH is a byte;
/// as in ClickHouse, a backslash before a letter that means nothing stands for itself. Returns false where it is not
/// closed.
bool read_quoted(std::string_view text, size_t& at, std::string& value);

/// Writes `text` with those escapes, but no quotes and none before them, as in TSV, and returns the end. REQUIRES: room
/// for twice the text.
char* put_escaped(std::string_view text, char* to) noexcept;
/// Writes a text of TSV without its escapes, which read_quoted() tells, and returns the end: at most as many bytes. A
/// backslash that ends the text stays.
char* put_without_escapes(std::string_view escaped, char* to) noexcept;

/// Appends an identifier, in backticks where ClickHouse needs them.
void append_identifier(std::string_view name, std::string& out);
/// Tells whether a byte may stand in an identifier that is not quoted.
constexpr bool is_name_byte(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace flatbed
