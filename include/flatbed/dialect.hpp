// The dialect of a text file: delimiter, quote, escape, header; each setting knows who chose it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flatbed/status.hpp"

namespace flatbed {

/// Who chose a setting. A detected value never replaces the user's.
enum class Chosen : uint8_t { kDefault, kDetected, kUser };

/// A value and who chose it.
template <class T>
struct Setting {
  T value{};
  Chosen by = Chosen::kDefault;
  friend bool operator==(const Setting&, const Setting&) = default;
};

/// How a CSV-like file is written. Defaults are RFC 4180.
struct Dialect {
  Setting<std::string> delimiter{","};
  Setting<std::string> quote{"\""};  ///< one byte, or empty: nothing quotes
  /// The quote itself (doubled), one other byte, or empty. A backslash where nothing quotes: \t, \n, \\, \N and the
  /// like stand for bytes and NULL, as in TSV of ClickHouse, MySQL and PostgreSQL.
  Setting<std::string> escape{"\""};
  Setting<std::string> newline{"\n"};  ///< for writing and for show; reading takes LF, CRLF and CR, mixed too
  Setting<bool> header{true};          ///< the first record names the columns
  Setting<uint32_t> header_rows{1};  ///< records that name the columns, one name from all of them, with spaces between
  Setting<bool> spaces{false};  ///< spaces before a field are layout; where a space delimits, several are one delimiter
  Setting<uint32_t> skip_rows{0};  ///< lines before the header
  Setting<std::string> encoding{"utf-8"};
  Setting<std::vector<std::string>> nulls{{"", "\\N"}};  ///< unquoted fields that are NULL
  double score = 0;                                      ///< of the winner, 0 to 1; 0 when nothing was detected
  std::string runner_up{};                               ///< what came second, and its score; for show
  uint32_t tables = 1;       ///< tables seen one below the other; the first is meant; for show
  std::string comment{};     ///< what notes among the records begin with, as '#'; empty: none seen; for show
  uint32_t footer_rows = 0;  ///< records seen behind the table; 0 where the sample is not the whole file; for show
  std::string decimal{};     ///< the decimal mark that numbers of the sample prove: '.', ',' or empty; for show
  std::string thousands{};   ///< the mark between thousands that they prove; for show
  friend bool operator==(const Dialect&, const Dialect&) = default;
};

/// Finds the dialect of `sample`, the head of a file; settings of `given` that the user chose stay. Another delimiter
/// than a comma that nobody chose is one that the file's name speaks for: it is believed more than others.
/// `whole` says that the sample is the whole file. COST: a few ms for the 64 KiB that it looks at.
/// ERRORS: kDialectUnsure when two dialects explain it equally well; the hint names the flag that settles it.
Result<Dialect> sniff(std::string_view sample, bool whole, const Dialect& given = {});

/// Writes a dialect as "delimiter ',' (detected), quote '\"' (default), ...".
std::string to_string(const Dialect& dialect);

}  // namespace flatbed
