// Dialects of samples written for these tests, one idea each.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "flatbed/dialect.hpp"

using namespace flatbed;
using namespace std::string_view_literals;

namespace {

Dialect found(std::string_view sample, const Dialect& given = {}) {
  return sniff(sample, true, given).value();
}

// Two rows of names and six of values, cut with `delimiter`, each cell distinct.
std::string table(std::string_view delimiter, std::string_view end = "\n") {
  const std::string d(delimiter), e(end);
  std::string text = "id" + d + "city" + d + "opened" + d + "share" + e;
  for (int row = 1; row <= 6; ++row)
    text += std::to_string(row * 11) + d + "Town of " + char('A' + row) + d + "2013-01-0" + std::to_string(row) + d +
            std::to_string(row) + ".5" + e;
  return text;
}

std::string utf16(std::string_view ascii, bool big, bool mark) {
  std::string text = !mark ? "" : big ? "\xfe\xff" : "\xff\xfe";
  for (const char c : ascii) text += big ? std::string{'\0', c} : std::string{c, '\0'};
  return text;
}

}  // namespace

TEST_SUITE("dialect") {
  TEST_CASE("sniff: each delimiter") {
    for (const std::string_view delimiter :
         {","sv, ";"sv, "\t"sv, "|"sv, "~"sv, "^"sv, ":"sv, "#"sv, "\x1f"sv, "\x01"sv, "||"sv, "::"sv}) {
      CAPTURE(delimiter);
      const Dialect dialect = found(table(delimiter));
      CHECK(dialect.delimiter == Setting<std::string>{std::string(delimiter), Chosen::kDetected});
      CHECK(dialect.header == Setting<bool>{true, Chosen::kDetected});
      CHECK(dialect.skip_rows.value == 0);
      CHECK(dialect.quote.by == Chosen::kDefault);
      CHECK((dialect.score > 0 && dialect.score <= 1));
    }
  }
  TEST_CASE("sniff: spaces, and columns padded with them") {
    CHECK(found("id name size\n1 anna 5.5\n2 bert 6.5\n3 carl 7.5\n").delimiter.value == " ");
    CHECK(found("id   name    size\n1    anna    5.5\n22   bert    16.5\n333  charlie 7.5\n").delimiter.value == " ");
  }
  TEST_CASE("sniff: delimiters inside quotes, values and prose do not count") {
    CHECK(found("name;note\n\"Anna, B.\";\"a, b, c\"\n\"Bert, C.\";\"d, e, f\"\n").delimiter.value == ";");
    CHECK(found("a;b\n1,5;2,5\n3,25;4,75\n5,5;6,5\n").delimiter.value == ";");
    CHECK(found("at,what\n10:30:15,20\n11:45:00,30\n12:15:30,40\n").delimiter.value == ",");
    CHECK(found("id\tlist\n1\t[1,2,3]\n2\t[4,5,6]\n3\t[7,8,9]\n").delimiter.value == "\t");
    CHECK(found("id,text\n1,one; two\n2,three; four\n3,five; six\n").delimiter.value == ",");
  }
  TEST_CASE("sniff: quotes and escapes") {
    const Dialect doubled = found("id,text\n1,\"say \"\"a, b\"\"\"\n2,\"say \"\"c, d\"\"\"\n");
    CHECK(doubled.quote == Setting<std::string>{"\"", Chosen::kDetected});
    CHECK(doubled.escape == Setting<std::string>{"\"", Chosen::kDetected});
    const Dialect backslash = found("id,text\n1,\"say \\\"a, b\\\" now\"\n2,\"say \\\"c, d\\\" now\"\n");
    CHECK(backslash.quote.value == "\"");
    CHECK(backslash.escape.value == "\\");
    const Dialect paths = found("id,text\n1,\"C:\\\\a\\\\b, c\"\n2,\"C:\\\\d\\\\e, f\"\n");
    CHECK(paths.escape.value == "\\");
    CHECK(found("id,text\n1,\"C:\\a\\b, c\"\n2,\"C:\\d\\e, f\"\n").escape.value == "\"");
    const Dialect apostrophes = found("id,text\n1,'a, b'\n2,'c, d'\n3,'e, f'\n");
    CHECK(apostrophes.quote.value == "'");
    CHECK(apostrophes.delimiter.value == ",");
    CHECK(found("id,text\n1,Men's shoes\n2,don't\n3,O'Hara\n").quote.value == "\"");
  }
  TEST_CASE("sniff: quoted line ends") {
    const Dialect dialect = found("id,text\r\n1,\"a\nb\nc\nd\"\r\n2,\"e\nf\ng\nh\"\r\n");
    CHECK(dialect.newline.value == "\r\n");
    CHECK(dialect.delimiter.value == ",");
  }
  TEST_CASE("sniff: line ends") {
    CHECK(found(table(",", "\n")).newline.value == "\n");
    CHECK(found(table(",", "\r\n")).newline.value == "\r\n");
    CHECK(found(table(",", "\r")).newline.value == "\r");
  }
  TEST_CASE("sniff: header or not") {
    CHECK(found("id,name\n1,anna\n2,bert\n").header.value);
    CHECK(!found("1,anna\n2,bert\n3,carl\n").header.value);
    CHECK(!found("2013-01-01,anna\n2013-01-02,bert\n").header.value);
    CHECK(found("name,city\nanna,berlin\nbert,paris\n").header.value);
    CHECK(found("year,2012,2013\nanna,5,6\nbert,7,8\n").delimiter.value == ",");
    CHECK(found("id,name\n").header.value);
    CHECK(!found("1,2\n").header.value);
  }
  TEST_CASE("sniff: header of several rows") {
    const std::string groups = "id,size,,weight,\n,x,y,x,y\n";
    CHECK(found(groups + "a,1,2,3,4\nb,5,6,7,8\n").header_rows.value == 2);
    // Some columns have their name in an upper row alone.
    CHECK(found("id,size,,,,sum\n,mm,,cm,,\n,x,y,x,y,\na,1,2,3,4,5\nb,5,6,7,8,9\n").header_rows.value == 3);
    // A row that lacks some values is data.
    CHECK(found("id,x,y,z\na,n/a,,4\nb,5,6,7\nc,8,9,10\n").header_rows.value == 1);
    CHECK(found("id,x,y,z\na,low,high,\nb,5,6,7\nc,8,9,10\n").header_rows.value == 1);
  }
  TEST_CASE("sniff: who says that there is a header means one record, unless he says more") {
    Dialect given;
    given.header = {true, Chosen::kUser};
    const std::string groups = "id,size,,weight,\n,x,y,x,y\na,1,2,3,4\n";
    CHECK(found(groups).header_rows.value == 2);
    CHECK(found(groups, given).header_rows.value == 1);
    given.header_rows = {2, Chosen::kUser};
    CHECK(found(groups, given).header_rows.value == 2);
  }
  TEST_CASE("sniff: a file's name tells what to expect, its content decides") {
    Dialect given;
    given.delimiter = {"\t", Chosen::kDefault};
    CHECK(found(table("\t"), given).delimiter.value == "\t");
    CHECK(found(table(","), given).delimiter.value == ",");
    CHECK(found("name\nanna\nbert\n", given).delimiter.value == "\t");
    CHECK(found("a\tb,c\nd\te,f\ng\th,i\nj\tk,l\n", given).delimiter.value == "\t");
  }
  TEST_CASE("sniff: lists of one length in several cells") {
    CHECK(found("1;Anna;x|y|z|u|v;1.5|2.5|3.5|4.5|5.5;6|7|8|9|10;on").delimiter.value == ";");
  }
  TEST_CASE("sniff: apostrophes that are all escaped are quotes") {
    const Dialect dialect = found("1;ship\\'s crew\n2;engineer\n3;cook\\'s mate\n");
    CHECK(dialect.quote.value == "'");
    CHECK(dialect.escape.value == "\\");
    CHECK(found("1;ship\\'s crew\n2;engineer\n3;cook's mate\n").quote.by == Chosen::kDefault);
  }
  TEST_CASE("sniff: a quote that is open where the sample ends") {
    const Dialect dialect = found("id,text\n1,a\n2,\"b\n3,c\n");
    CHECK((dialect.score > 0 && dialect.score <= 1));
    CHECK(dialect.delimiter.value == ",");
  }
  TEST_CASE("sniff: names that are numbers, names that come twice") {
    CHECK(found("team,0,1,2,3,4\nann,1,.98,.97,.5,.4\nbob,1,.99,.9,.8,.7\n").header.value);
    CHECK(!found("1,2,3,4,5\n2,3,4,5,6\n3,4,5,6,7\n").header.value);
    std::string names = "why", texts = "because it rained", others = "nobody knows";
    for (int i = 0; i < 10; ++i) {
      names += ",name " + std::to_string(i);
      texts += ",some text";
      others += ",other text";
    }
    CHECK(found(names + ",why\n" + texts + ",x y\n" + others + ",z u\n").header.value);
    CHECK(!found("a b,c d,a b,c d\ne f,g h,i j,k l\nm n,o p,q r,s t\n").header.value);
  }
  TEST_CASE("sniff: notes, footers, marks in numbers") {
    CHECK(found("a,b,c\n1,2,3\n# checked\n4,5,6\n").comment == "#");
    CHECK(found("a,b\n#1,2\n#3,4\n").comment.empty());
    CHECK(found("a,b,c\n1,2,3\n4,5,6\nSource: the town,,\n").footer_rows == 1);
    CHECK(sniff("a,b,c\n1,2,3\n4,5,6\nSource: the town,,\n", false).value().footer_rows == 0);
    const auto marks = [](std::string_view text) {
      const Dialect dialect = found(text);
      return dialect.decimal + " " + dialect.thousands;
    };
    CHECK(marks("a;b\n1,5;2\n2,25;3\n") == ", ");
    CHECK(marks("a;b\n1.234,5;2\n2.000,25;3\n") == ", .");
    CHECK(marks("a\tb\n1,234,567\t2.5\n2,000\t3.5\n") == ". ,");
    CHECK(marks("a\tb\n1,234\t2\n2,000\t3\n") == " ");  // groups or fractions: nothing proves which
  }
  TEST_CASE("sniff: lines before the header") {
    const std::string body = table(";");
    CHECK(found("Report of May\n\n" + body).skip_rows.value == 2);
    CHECK(found("# made by hand\n# twice\n" + body).skip_rows.value == 2);
    CHECK(found("Report;;;\n;;;\n" + body).skip_rows.value == 2);
    CHECK(found("Source: a, b, c\nMade on 2013-01-01\n\n" + body).delimiter.value == ";");
    CHECK(found("Source: a, b, c\nMade on 2013-01-01\n\n" + body).skip_rows.value == 3);
    CHECK(found("#id;name\n1;anna\n2;bert\n").skip_rows.value == 0);
    CHECK(found("Report of May\n\n" + body).header.value);
  }
  TEST_CASE("sniff: a line that tells the delimiter, with and without a table below") {
    for (const std::string_view below : {""sv, "\na;b\n1;2,5\n"sv, "\r\n"sv}) {
      CAPTURE(below);
      const Dialect dialect = found("sep=;" + std::string(below));
      CHECK(dialect.delimiter == Setting<std::string>{";", Chosen::kDetected});
      CHECK(dialect.skip_rows == Setting<uint32_t>{1, Chosen::kDetected});
    }
    Dialect given;
    given.delimiter = {"|", Chosen::kUser};
    CHECK(found("sep=;", given).delimiter == given.delimiter);
    CHECK(found("sep=;\na|b\n", given).skip_rows.value == 1);
  }
  TEST_CASE("sniff: one column is one column") {
    for (const std::string_view text :
         {"id\n1\n2\n3\n"sv, "at\n2013-01-01 10:30:00\n2013-01-02 11:45:00\n"sv,
          "phone\n+49 (30) 123-4567\n+49 (89) 765-4321\n"sv, "price\n\"1,234\"\n\"5,678\"\n"sv, "word\n"sv,
          "file\nC:\\a.txt\nC:\\b.txt\nC:\\c.txt\n"sv}) {
      const Dialect dialect = found(text);
      CHECK(dialect.delimiter.value == ",");
      CHECK(dialect.skip_rows.value == 0);
      CHECK(dialect.header.value);
    }
    // A comma that cut the lines would make columns of prose.
    CHECK(found("note\nfirst, then\nthat, too, was said\nnothing\nand so on, and on, and on\n").delimiter.value != ",");
  }
  TEST_CASE("sniff: ragged records and a delimiter at the end") {
    CHECK(found("a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n13,14,15\n").delimiter.value == ",");
    CHECK(found("a;b;\n1,5;2,5;\n3,5;4,5;\n").delimiter.value == ";");
  }
  TEST_CASE("sniff: encodings") {
    CHECK(found("name,n\nK\xc3\xb6ln,1\n").encoding.value == "utf-8");
    CHECK(found("\xef\xbb\xbfname,n\nK\xc3\xb6ln,1\n").encoding.value == "utf-8");
    CHECK(found("name,n\nK\xf6ln,1\n").encoding.value == "latin-1");
    CHECK(found("name,n\n\x84K\xf6ln\x93,1\n").encoding.value == "cp1252");
    for (const bool mark : {true, false}) {
      const Dialect little = found(utf16(table(";"), false, mark));
      CHECK(little.encoding == Setting<std::string>{"utf-16le", Chosen::kDetected});
      CHECK(little.delimiter.value == ";");
      CHECK(found(utf16(table("|"), true, mark)).encoding.value == "utf-16be");
      CHECK(found(utf16(table("|"), true, mark)).delimiter.value == "|");
    }
    // A sample may end in the middle of a character.
    CHECK(sniff("name,n\nK\xc3\xb6ln,1\nM\xc3", false).value().encoding.value == "utf-8");
    // A stray byte among letters of UTF-8 does not make them letters of another encoding.
    CHECK(found("name,n\nK\xc3\xb6ln,1\nM\xc3").encoding.value == "utf-8");
    CHECK(found("name,n\nK\xc3\xb6ln,1\n\x80,2\n").encoding.value == "utf-8");
    CHECK(found("name,n\nK\xc3\xb6ln,1\n\x80,2\nK\xf6ln,3\n").encoding.value == "cp1252");
    // What is valid beside such bytes is so by chance: curly quotes of Mac Roman.
    CHECK(found("name,n\nGeorge\x89\xdb\xaas,1\nGeorge\x89\xdb\xaas,2\n").encoding.value != "utf-8");
  }
  TEST_CASE("sniff: spaces among backslashes are data") {
    const std::string_view text = "a, b\n1, x\n2, y\n3, z\n4, w\n";
    CHECK(found(text).spaces.value);
    Dialect given;
    given.quote = {"", Chosen::kUser};
    given.escape = {"\\", Chosen::kUser};
    CHECK_FALSE(found(text, given).spaces.value);
  }
  TEST_CASE("sniff: what the user chose stays") {
    Dialect given;
    given.delimiter = {";", Chosen::kUser};
    given.header = {false, Chosen::kUser};
    const Dialect dialect = found("a,b\n1,2\n3,4\n", given);
    CHECK(dialect.delimiter == given.delimiter);
    CHECK(dialect.header == given.header);
    Dialect skipping;
    skipping.skip_rows = {2, Chosen::kUser};
    const Dialect skipped = found("x;y;z\nu;v;w\n" + table(","), skipping);
    CHECK(skipped.skip_rows == skipping.skip_rows);
    CHECK(skipped.delimiter.value == ",");
    CHECK(skipped.header.value);
    Dialect unquoted;
    unquoted.quote = {"", Chosen::kUser};
    CHECK(found("a,b\n\"1,2\n\"3,4\n", unquoted).quote == unquoted.quote);
    Dialect encoded;
    encoded.encoding = {"latin-1", Chosen::kUser};
    CHECK(found("name,n\nK\xc3\xb6ln,1\n", encoded).encoding == encoded.encoding);
  }
  TEST_CASE("sniff: refuses when two dialects explain the sample equally well") {
    const auto tie = sniff("a,b;c\nd,e;f\ng,h;i\nj,k;l\n", true);
    REQUIRE(!tie.ok());
    CHECK(tie.error().code == Code::kDialectUnsure);
    CHECK(tie.error().message.starts_with("two dialects explain the file equally well: delimiter ',', quote none (0."));
    CHECK(tie.error().hint == "--delimiter ',' or --delimiter ';' settles it");
    Dialect given;
    given.delimiter = {";", Chosen::kUser};
    CHECK(sniff("a,b;c\nd,e;f\ng,h;i\nj,k;l\n", true, given).ok());
  }
  TEST_CASE("sniff: samples with nothing in them") {
    for (const std::string_view text :
         {""sv, "\n"sv, "\n\n\n"sv, "\xef\xbb\xbf"sv, "\r"sv, "\""sv, ","sv, "\0"sv, "\xff\xfe"sv, "\xff"sv}) {
      const auto dialect = sniff(text, true);
      CHECK(dialect.ok());
      CHECK(sniff(text, false).ok());
    }
    CHECK(found("").delimiter == Setting<std::string>{","});
  }
  TEST_CASE("sniff: looks at the head alone") {
    std::string text;
    while (text.size() < (size_t{1} << 16)) text += "12,anna,2013-01-01\n";
    const Dialect head = sniff(text, false).value();
    const Dialect more = sniff(text + std::string(size_t{1} << 20, ';'), false).value();
    CHECK(head == more);
  }
  TEST_CASE("sniff: text of a dialect") {
    const Dialect dialect = found("id\tname\n1\tanna\n2\tbert\n");
    CHECK(
        to_string(dialect) ==
        "delimiter '\\t' (detected), quote '\"' (default), escape '\"' (default), newline '\\n' (detected), header yes "
        "(detected), skip_rows 0 (detected), encoding utf-8 (detected), nulls '' '\\N' (default)");
    Dialect given;
    given.delimiter = {"\x1f", Chosen::kUser};
    given.quote = {"", Chosen::kUser};
    given.nulls = {{}, Chosen::kUser};
    CHECK(to_string(given).starts_with("delimiter '\\x1f' (user), quote none (user), "));
    CHECK(to_string(given).ends_with("nulls none (user)"));
    CHECK(found("a;b\n1;2\n3;4\n").runner_up.starts_with("one column, quote none (0."));
  }
}
