// A dialect in words.
#include "dialect/settings.hpp"

#include <doctest/doctest.h>

using namespace flatbed;

TEST_SUITE("dialect") {
  TEST_CASE("every setting says who chose it") {
    Dialect dialect;
    dialect.delimiter = {"\t", Chosen::kDetected};
    dialect.quote = {"'", Chosen::kUser};
    dialect.header = {false, Chosen::kDetected};
    dialect.newline = {"\r\n", Chosen::kDetected};
    CHECK(to_string(dialect) ==
          "delimiter '\\t' (detected), quote ''' (user), escape '\"' (default), newline '\\r\\n' (detected), header no "
          "(detected), skip_rows 0 (default), encoding utf-8 (default), nulls '' '\\N' (default)");
    CHECK(settings_of(dialect)[4] == std::pair<std::string, std::string>("header", "no (detected)"));
  }
}
