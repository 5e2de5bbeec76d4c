// Endpoints, options and the table of connectors.
#include "flatbed/registry.hpp"

#include <doctest/doctest.h>

using namespace flatbed;

TEST_SUITE("pipeline") {
  TEST_CASE("a URI is taken apart, and its secrets are not shown") {
    const auto uri = parse_uri("clickhouses://ann:p%40ss@db.example:8443/shop/orders?token=abc&limit=5");
    REQUIRE(uri.ok());
    CHECK(uri->scheme == "clickhouses");
    CHECK(uri->user == "ann");
    CHECK(uri->password == "p@ss");
    CHECK(uri->host == "db.example");
    CHECK(uri->port == 8443);
    CHECK(uri->path == "/shop/orders");
    CHECK(uri->query.at("token") == "abc");
    CHECK(uri->query.at("limit") == "5");
    CHECK(uri->shown == "clickhouses://ann:***@db.example:8443/shop/orders?token=***&limit=5");
  }

  TEST_CASE("a path is a path, whatever characters it has") {
    for (const char* path : {"data.csv", "/tmp/100%.csv", "a?b.csv", "./x:y.csv", "-", "C:\\data.csv", "b c.csv"}) {
      const auto uri = parse_uri(path);
      REQUIRE(uri.ok());
      CHECK(uri->scheme == "file");
      CHECK(uri->path == path);
    }
    CHECK(parse_uri("file:///tmp/a%20b.csv")->path == "/tmp/a%20b.csv");
    CHECK(parse_uri("file:rel.csv")->path == "rel.csv");
  }

  TEST_CASE("an IPv6 host keeps its colons") {
    const auto uri = parse_uri("clickhouse://[::1]:9000/db/t");
    REQUIRE(uri.ok());
    CHECK(uri->host == "::1");
    CHECK(uri->port == 9000);
    CHECK(parse_uri("clickhouse://[fe80::1]/t")->port == 0);
  }

  TEST_CASE("an address on the web is kept as it is sent, and shown without what may sign it") {
    const auto uri = parse_uri("https://ann:p%40ss@host:8/a%20b/c.csv?x=1&X-Amz-Signature=s3&apiKey=s4&flag#top");
    REQUIRE(uri.ok());
    CHECK(uri->path == "/a%20b/c.csv?x=1&X-Amz-Signature=s3&apiKey=s4&flag");
    CHECK(uri->query.empty());
    CHECK(uri->password == "p@ss");
    CHECK(parse_uri("https://host/@scope/a.csv")->path == "/@scope/a.csv");
    CHECK(parse_uri("http://host#@other/a.csv")->host == "host");
    CHECK(uri->shown == "https://ann:***@host:8/a%20b/c.csv?x=1&X-Amz-Signature=***&apiKey=***&flag");
  }

  TEST_CASE("what is no URI is refused") {
    CHECK(parse_uri("").error().code == Code::kBadUri);
    CHECK(parse_uri("clickhouse://h:99999/t").error().message ==
          "the port is not a number from 1 to 65535 in the clickhouse: address");
    CHECK(parse_uri("clickhouse://h/a%zz").error().code == Code::kBadUri);
    CHECK(parse_uri("clickhouse://[::1/t").error().code == Code::kBadUri);
  }

  TEST_CASE("a password whose / or ? was not encoded is not shown") {
    for (const char* text : {"clickhouse://u:12/secret@host/db/t", "clickhouse://u:12?secret@host/db/t",
                             "clickhouse://u:secret/t", "clickhouse://u:sec%zzret@host/t"}) {
      CAPTURE(text);
      const auto uri = parse_uri(text);
      REQUIRE_FALSE(uri.ok());
      CHECK(to_string(uri.error()).find("sec") == std::string::npos);
    }
    CHECK(parse_uri("clickhouse://u:p@host/db/t?where=mail='a@b'").ok());
    CHECK(parse_uri("clickhouse://host/db/t?where=mail='a@b'").ok());
    CHECK(parse_uri("chdb:///home/a@b/db/t").ok());
  }

  constexpr OptionSpec kSpecs[] = {
      {.name = "size", .type = OptionType::kBytes, .default_text = "1M"},
      {.name = "mode", .type = OptionType::kChoice, .default_text = "fast", .choices = "fast|exact"},
      {.name = "fresh", .type = OptionType::kFlag, .default_text = "true"},
      {.name = "columns", .type = OptionType::kNames},
      {.name = "overwrite", .type = OptionType::kFlag, .default_text = "false", .use = Use::kWrite},
      {.name = "password", .secret = true},
  };

  TEST_CASE("options are checked against their specs") {
    const auto options = Options::check(kSpecs, {{"size", "64K"}, {"columns", "a,\"b,\"\"c\""}}, Use::kRead);
    REQUIRE(options.ok());
    CHECK(options->count("size") == 65536);
    CHECK(options->text("mode") == "fast");
    CHECK(options->flag("fresh"));
    CHECK(options->given("size"));
    CHECK_FALSE(options->given("mode"));
    CHECK(options->names("columns") == std::vector<std::string>{"a", "b,\"c"});
  }

  TEST_CASE("a wrong option is named, with the nearest right one") {
    const Error unknown = Options::check(kSpecs, {{"sise", "1"}}, Use::kRead).error();
    CHECK(unknown.code == Code::kUnknownOption);
    CHECK(unknown.message == "no option for reading has the name \"sise\"");
    CHECK(unknown.hint == "did you mean \"size\"?");
    CHECK(Options::check(kSpecs, {{"overwrite", "true"}}, Use::kRead).error().code == Code::kUnknownOption);
    const Error bad = Options::check(kSpecs, {{"mode", "slow"}}, Use::kWrite).error();
    CHECK(bad.message == "option \"mode\" cannot be \"slow\"");
    CHECK(bad.expected == "one of fast|exact");
    for (const char* size : {"-1", "1X", "1.5M", "", "99999999999999999999", "20000000T"}) {
      CAPTURE(size);
      CHECK(Options::check(kSpecs, {{"size", size}}, Use::kRead).error().code == Code::kBadOption);
    }
  }

  TEST_CASE("an unknown scheme names the nearest one") {
    const Registry registry = Registry::with_builtins();
    const Error error = registry.source({.uri = "clikhouse://h/t"}).error();
    CHECK(error.code == Code::kUnknownScheme);
    CHECK(error.message == "no connector serves \"clikhouse:\" in clikhouse://h/t");
    CHECK(error.hint == "did you mean \"clickhouse:\"? A file of this name is ./clikhouse://h/t");
  }

  TEST_CASE("a scheme is served once") {
    Registry registry = Registry::with_builtins();
    CHECK(registry.add({.name = "mine", .schemes = {"file"}}).error().code == Code::kUsage);
    CHECK(registry.add({.name = "mine", .schemes = {"mine"}}).ok());
    CHECK(registry.source({.uri = "mine:x"}).error().message == "connector \"mine\" cannot be read");
  }
}
