// The join builder. Enters: tables, keys and columns by name. Leaves: SQL in which every name is quoted.
#include "flatbed/join.hpp"

#include <algorithm>
#include <set>

#include "clickhouse/table.hpp"

namespace flatbed {
namespace {

struct KindText {
  JoinKind kind;
  std::string_view name, sql;
};
constexpr KindText kKinds[] = {{JoinKind::kInner, "inner", "INNER JOIN"},
                               {JoinKind::kLeft, "left", "LEFT JOIN"},
                               {JoinKind::kRight, "right", "RIGHT JOIN"},
                               {JoinKind::kFull, "full", "FULL JOIN"},
                               {JoinKind::kCross, "cross", "CROSS JOIN"}};

const KindText& text_of(JoinKind kind) {
  return kKinds[static_cast<size_t>(kind)];
}

std::string quoted(const std::string& table, const std::string& column) {
  return quote_identifier(table) + "." + quote_identifier(column);
}

const JoinedTable* find_table(const Join& join, const std::string& alias) {
  for (const JoinedTable& table : join.tables) {
    if (table.shown() == alias) return &table;
  }
  return nullptr;
}

Error no_such(Code code, const std::string& message, const std::string& name, const std::vector<std::string>& known) {
  const std::string near = nearest_name(name, known);
  return {.code = code, .message = message, .hint = near.empty() ? "" : "did you mean \"" + near + "\"?"};
}

Status check_table(const Join& join, const std::string& alias) {
  if (find_table(join, alias) != nullptr) return {};
  std::vector<std::string> known;
  for (const JoinedTable& one : join.tables) known.push_back(one.shown());
  return no_such(Code::kUsage, "the join has no table \"" + alias + "\"", alias, known);
}

Status check_column(const Join& join, const std::string& alias, const std::string& column) {
  if (Status status = check_table(join, alias); !status) return status;
  std::vector<std::string> known;
  for (const ColumnInfo& one : find_table(join, alias)->columns) {
    if (one.name == column) return {};
    known.push_back(one.name);
  }
  if (known.empty()) return {};  // not looked up
  return no_such(Code::kUnknownColumn, "table \"" + alias + "\" has no column \"" + column + "\"", column, known);
}

Status check_tables(const Join& join) {
  if (join.tables.size() < 2) return Error{.code = Code::kUsage, .message = "a join needs at least two tables"};
  std::set<std::string> aliases;
  for (const JoinedTable& table : join.tables) {
    if (table.name.empty()) return Error{.code = Code::kUsage, .message = "a table of the join has no name"};
    if (!aliases.insert(table.shown()).second) {
      return Error{.code = Code::kDuplicateName,
                   .message = "two tables of the join are called \"" + table.shown() + "\"",
                   .hint = "give one of them another alias"};
    }
  }
  return {};
}

Status check_keys(const Join& join, size_t index) {
  const JoinedTable& table = join.tables[index];
  const bool cross = table.kind == JoinKind::kCross;
  if (cross != table.keys.empty()) {
    return Error{.code = Code::kUsage,
                 .message = "table \"" + table.shown() +
                            (cross ? "\" is cross joined, which takes no keys"
                                   : "\" has no key that joins it to a table before it"),
                 .hint = cross ? "leave the keys out, or choose another kind of join"
                               : "name the columns that must be equal, or ask for proposals"};
  }
  for (const JoinKey& key : table.keys) {
    if (Status status = check_column(join, key.table, key.column); !status) return status;
    if (Status status = check_column(join, table.shown(), key.joined_column); !status) return status;
    const auto place = std::find_if(join.tables.begin(), join.tables.end(),
                                    [&](const JoinedTable& other) { return other.shown() == key.table; });
    if (static_cast<size_t>(place - join.tables.begin()) < index) continue;
    return Error{.code = Code::kUsage,
                 .message = "table \"" + table.shown() + "\" is joined to \"" + key.table +
                            "\", which does not stand before it"};
  }
  return {};
}

// The columns of the result, each with its name.
Result<std::vector<JoinColumn>> named_columns(const Join& join) {
  std::vector<JoinColumn> columns = join.columns;
  for (const JoinedTable& table : join.tables) {
    if (!join.columns.empty()) break;
    for (const ColumnInfo& column : table.columns) {
      if (column.default_kind != "EPHEMERAL") columns.push_back({table.shown(), column.name});
    }
  }
  if (columns.empty()) return Error{.code = Code::kUsage, .message = "the join names no columns"};
  std::multiset<std::string> names;
  for (const JoinColumn& column : columns) names.insert(column.as.empty() ? column.column : column.as);
  std::set<std::string> taken;
  for (JoinColumn& column : columns) {
    if (Status status = check_column(join, column.table, column.column); !status) return std::move(status).error();
    if (column.as.empty()) {
      column.as = names.count(column.column) > 1 ? column.table + "_" + column.column : column.column;
    }
    if (taken.insert(column.as).second) continue;
    return Error{.code = Code::kDuplicateName,
                 .message = "two columns of the join would be called \"" + column.as + "\"",
                 .hint = "give one of them a name of its own"};
  }
  return columns;
}

std::string from_clause(const Join& join) {
  std::string sql;
  for (const JoinedTable& table : join.tables) {
    sql += sql.empty() ? "\nFROM " : "\n" + std::string(text_of(table.kind).sql) + " ";
    if (!table.database.empty()) sql += quote_identifier(table.database) + ".";
    sql += quote_identifier(table.name) + " AS " + quote_identifier(table.shown());
    std::string_view before = " ON ";
    for (const JoinKey& key : table.keys) {
      sql += before;
      sql += quoted(key.table, key.column) + " = " + quoted(table.shown(), key.joined_column);
      before = " AND ";
    }
  }
  return sql;
}

// ---- What a person writes

// A name or a sign. A quoted name is never a word of the grammar.
struct Word {
  std::string text{};
  bool quoted = false;
  bool is(std::string_view word) const noexcept { return !quoted && text == word; }
};

std::optional<std::vector<Word>> words_of(std::string_view text) {
  std::vector<Word> words;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i++];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
    Word word{.text = std::string(1, c)};
    if (c == '`' || c == '"') {
      word = {.quoted = true};
      for (bool closed = false; !closed; ++i) {
        if (i >= text.size()) return std::nullopt;
        closed = text[i] == c && (i + 1 == text.size() || text[i + 1] != c);
        if (!closed && (text[i] == c || (text[i] == '\\' && i + 1 < text.size()))) ++i;  // doubled or escaped
        if (!closed) word.text += text[i];
      }
    } else if (c != '.' && c != '=') {
      const size_t end = std::min(text.find_first_of(" \t\n\r.=`\"", i), text.size());
      word.text += text.substr(i, end - i);
      i = end;
    }
    words.push_back(std::move(word));
  }
  return words;
}

// Reads the words of one of the forms, from the left.
class Form {
 public:
  Form(std::string_view text, std::string_view expected) : text_(text), expected_(expected) {
    auto words = words_of(text);
    if (words)
      words_ = std::move(*words);
    else
      wrong_ = true;
  }
  bool sees(size_t ahead, std::string_view word) const noexcept {
    return at_ + ahead < words_.size() && words_[at_ + ahead].is(word);
  }
  size_t left() const noexcept { return words_.size() - at_; }
  const Word* peek() const noexcept { return left() == 0 ? nullptr : &words_[at_]; }
  bool skip(std::string_view word) {
    const bool found = sees(0, word);
    at_ += found;
    return found;
  }
  void need(std::string_view word) { wrong_ = !skip(word) || wrong_; }
  std::string name() {
    if (left() == 0 || sees(0, ".") || sees(0, "=")) {
      wrong_ = true;
      return "";
    }
    return words_[at_++].text;
  }
  // A last name, which AS may stand before.
  std::string alias() {
    if (!skip("AS")) (void)skip("as");
    return name();
  }
  Status end() const {
    if (!wrong_ && left() == 0) return {};
    return Error{.code = Code::kUsage,
                 .message = "this cannot be read: " + text_,
                 .expected = std::string(expected_),
                 .hint = "names with other characters stand in backquotes"};
  }

 private:
  std::string text_;
  std::string_view expected_;
  std::vector<Word> words_{};
  size_t at_ = 0;
  bool wrong_ = false;
};

// ---- Proposals

std::string lower(std::string_view text) {
  std::string small(text);
  for (char& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return small;
}

// The type as far as equality goes: integers of any width compare, and so do kinds of text.
std::string comparable(std::string_view type) {
  for (const std::string_view wrapper : {"LowCardinality(", "Nullable("}) {
    if (type.starts_with(wrapper)) type = type.substr(wrapper.size(), type.size() - wrapper.size() - 1);
  }
  if (type.starts_with("Int") && !type.starts_with("Interval")) return "integer";
  if (type.starts_with("UInt")) return "integer";
  if (type == "String" || type.starts_with("FixedString")) return "text";
  return std::string(type.substr(0, type.find('(')));
}

// A name without what only tells its table: "l_" of l_orderkey.
std::string_view bare(std::string_view name) {
  const size_t underscore = name.find('_');
  return underscore >= 1 && underscore <= 3 && underscore + 1 < name.size() ? name.substr(underscore + 1) : name;
}

bool like_key(std::string_view name) {
  for (const std::string_view end : {"id", "key", "code", "no", "uuid", "nr"}) {
    if (name.ends_with(end)) return true;
  }
  return false;
}

// Whether `name` points at column `id` of a table: customer_id or customerid at the id of customer or customers.
bool points_at(const std::string& name, const std::string& table, const std::string& column) {
  std::string one = table;
  if (one.ends_with("ies"))
    one.replace(one.size() - 3, 3, "y");
  else if (one.ends_with('s'))
    one.pop_back();
  for (const std::string& owner : {table, one}) {
    if (name == owner + "_" + column || name == owner + column) return true;
  }
  return false;
}

void score(const JoinedTable& before, const ColumnInfo& left, const JoinedTable& joined, const ColumnInfo& right,
           KeyProposal& proposal) {
  const std::string a = lower(left.name), b = lower(right.name);
  if (comparable(left.type) != comparable(right.type)) return;
  if (points_at(a, lower(joined.name), b) || points_at(b, lower(before.name), a)) {
    proposal.score = 0.9;
    proposal.why = "the name points at the other table";
  } else if (a == b) {
    proposal.score = like_key(a) ? 0.8 : 0.4;
    proposal.why = "the same name";
  } else if (bare(a) == bare(b) && (bare(a) != a || bare(b) != b)) {
    proposal.score = like_key(a) ? 0.7 : 0.3;
    proposal.why = "the same name behind a prefix";
  } else {
    return;
  }
  if (a == b && a == "id") proposal.score = 0.3;  // each table numbers its own rows
  if (!left.in_primary_key && !right.in_primary_key) return;
  proposal.score += 0.1;
  proposal.why += ", in the primary key";
}

}  // namespace

std::string_view join_kind_name(JoinKind kind) noexcept {
  return text_of(kind).name;
}

std::optional<JoinKind> join_kind_of(std::string_view name) noexcept {
  for (const KindText& text : kKinds) {
    if (text.name == name) return text.kind;
  }
  return std::nullopt;
}

Status add_table(Join& join, std::string_view text) {
  Form form(text, "[inner|left|right|full|cross] [database.]table [AS alias]");
  JoinedTable table;
  // A table may be called "left": a kind is one only where a name follows it.
  if (const Word* first = form.peek(); first != nullptr && !first->quoted && form.left() > 1) {
    const auto kind = join_kind_of(lower(first->text));
    if (kind && !form.sees(1, ".") && !form.sees(1, "AS") && !form.sees(1, "as")) {
      table.kind = *kind;
      (void)form.name();
    }
  }
  table.name = form.name();
  if (form.skip(".")) table.database = std::exchange(table.name, form.name());
  if (form.left() != 0) table.alias = form.alias();
  if (Status status = form.end(); !status) return status;
  join.tables.push_back(std::move(table));
  return {};
}

Status add_key(Join& join, std::string_view text) {
  Form form(text, "table.column = table.column");
  std::string table[2], column[2];
  size_t place[2] = {0, 0};
  for (int side = 0; side < 2; ++side) {
    if (side == 1) form.need("=");
    table[side] = form.name();
    form.need(".");
    column[side] = form.name();
  }
  if (Status status = form.end(); !status) return status;
  for (int side = 0; side < 2; ++side) {
    if (Status status = check_table(join, table[side]); !status) return status;
    while (join.tables[place[side]].shown() != table[side]) ++place[side];
  }
  const int last = place[1] > place[0] ? 1 : 0;
  join.tables[place[last]].keys.push_back({table[1 - last], column[1 - last], column[last]});
  return {};
}

Status add_column(Join& join, std::string_view text) {
  Form form(text, "table.column [AS name]");
  JoinColumn column{.table = form.name()};
  form.need(".");
  column.column = form.name();
  if (form.left() != 0) column.as = form.alias();
  if (Status status = form.end(); !status) return status;
  join.columns.push_back(std::move(column));
  return {};
}

Status look_up(Join& join, const Endpoint& server, const Registry& registry, std::stop_token stop) {
  auto found = registry.columns(server, stop);
  if (!found) return std::move(found).error();
  auto uri = parse_uri(server.uri);
  if (!uri) return std::move(uri).error();
  for (JoinedTable& table : join.tables) {
    table.columns.clear();
    std::vector<std::string> known;
    for (const ColumnInfo& column : *found) {
      known.push_back(column.table);
      if (column.table != table.name) continue;
      if (table.database.empty()) table.database = column.database;
      if (column.database == table.database) table.columns.push_back(column);
    }
    if (!table.columns.empty()) continue;
    Error error = no_such(Code::kNoTable, "table \"" + table.name + "\" does not exist", table.name, known);
    error.where.uri = uri->shown;
    return error;
  }
  return {};
}

Result<std::string> join_sql(const Join& join) {
  if (Status status = check_tables(join); !status) return std::move(status).error();
  for (size_t i = 1; i < join.tables.size(); ++i) {
    if (Status status = check_keys(join, i); !status) return std::move(status).error();
  }
  auto columns = named_columns(join);
  if (!columns) return std::move(columns).error();
  std::string sql = "SELECT";
  for (const JoinColumn& column : *columns) {
    sql += (&column == columns->data() ? "\n    " : ",\n    ") + quoted(column.table, column.column) + " AS " +
           quote_identifier(column.as);
  }
  sql += from_clause(join);
  // What the user wrote may end in a comment, which ends with its line.
  if (!join.where.empty()) sql += "\nWHERE (" + join.where + "\n)";
  if (!join.order_by.empty()) sql += "\nORDER BY " + join.order_by;
  if (join.limit) sql += "\nLIMIT " + std::to_string(*join.limit);
  // Without it a row that has no partner would hold zeros and empty text.
  return sql + "\nSETTINGS join_use_nulls = 1";
}

std::string to_string(const KeyProposal& proposal) {
  return quoted(proposal.key.table, proposal.key.column) + " = " +
         quoted(proposal.joined_table, proposal.key.joined_column);
}

std::vector<KeyProposal> propose_keys(const Join& join) {
  std::vector<KeyProposal> proposals;
  for (size_t i = 1; i < join.tables.size(); ++i) {
    const JoinedTable& joined = join.tables[i];
    for (size_t j = 0; j < i; ++j) {
      for (const ColumnInfo& left : join.tables[j].columns) {
        for (const ColumnInfo& right : joined.columns) {
          KeyProposal proposal{.joined_table = joined.shown(), .key = {join.tables[j].shown(), left.name, right.name}};
          score(join.tables[j], left, joined, right, proposal);
          if (proposal.score > 0) proposals.push_back(std::move(proposal));
        }
      }
    }
  }
  std::stable_sort(proposals.begin(), proposals.end(),
                   [](const KeyProposal& a, const KeyProposal& b) { return a.score > b.score; });
  return proposals;
}

}  // namespace flatbed
