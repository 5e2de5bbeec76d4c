// What JSON values have in common. Enters: values with their lines. Leaves: the narrowest type that holds each of them.
// Invariant: as for ColumnInference, the order of the values does not change the type; it only orders members.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "columns/infer.hpp"
#include "columns/json_plain.hpp"
#include "columns/json_value.hpp"
#include "columns/study.hpp"

namespace flatbed {

/// Finds the type of values. Numbers and words are what they are in CSV; a text is a date, time, UUID or address where
/// every value is one, and never a number. Objects are a Tuple of their members, or a Map where they have very many;
/// arrays are an Array. Values of several kinds are text, and so are arrays and objects within 32 others. NULL, and a
/// member that is missing, make the type Nullable, and where ClickHouse has no such type, as for an Array, a text of
/// JSON; a Tuple holds NULL in each of its members. THREADS: one owner.
class JsonShape {
 public:
  struct Member;
  /// Dates in two orders are settled for columns alone: for all other values they are text.
  struct Columns {
    ColumnInference::Dates dates{.text = true};
    bool members = false;                                         ///< the members of objects are columns
    bool deeper = false;                                          ///< and so are the members of those
    const std::unordered_set<std::string_view>* typed = nullptr;  ///< members that have a type: they are only counted
  };
  JsonShape();
  explicit JsonShape(Columns columns);
  JsonShape(JsonShape&&) noexcept;
  JsonShape& operator=(JsonShape&&) noexcept;
  ~JsonShape();

  /// Adds a value and walks it wholly. After a failure the shape holds a part of the value.
  Code add(JsonValue value, uint64_t line);
  /// Adds the plain records of a chunk; lines[i] is that of record i.
  void add(const PlainRecords& plain, const std::vector<uint64_t>& lines);
  /// Counts a value that cannot be read.
  void add_unreadable() noexcept { ++unreadable_; }
  /// Adds what was seen in later values.
  void merge(JsonShape&& later);

  bool is_empty() const noexcept { return !scalar_ && !deep_ && nulls_ + arrays_ + objects_ == 0; }
  bool has_unreadable() const noexcept { return unreadable_ > 0; }
  bool has_objects() const noexcept { return objects_ > 0; }
  bool is_map() const noexcept { return map_; }
  /// Tells whether every value that is not NULL is an object, and not one of a Map.
  bool is_table() const noexcept { return objects_ > 0 && is_one_kind() && !map_; }
  bool has_nulls() const noexcept { return nulls_ > 0; }
  uint64_t objects() const noexcept { return objects_; }
  const std::vector<Member>& members() const noexcept { return members_; }

  /// Returns the narrowest type; `missing` says that the value was missing somewhere.
  Field field(std::string name, bool missing) const;
  DateOrder date_order() const;
  const Witness& unsure_date() const noexcept { return scalars_.unsure_date(); }

 private:
  Code add_scalar(JsonValue value, uint64_t line);
  void add(const Records& records, size_t source, std::span<const uint64_t> lines, size_t row, uint64_t good,
           KnownFields& known);
  void add_word(std::string_view text, bool is_null, uint64_t line);
  void add_text(std::string_view text, uint64_t line);
  Code add_member(std::string_view key, JsonValue value, uint64_t line);
  Member* member(std::string_view key);
  std::unique_ptr<JsonShape> within() const;
  void make_map();
  bool is_one_kind() const noexcept { return !deep_ && int{scalar_} + int{arrays_ > 0} + int{objects_ > 0} == 1; }
  Type type(bool missing) const;
  Type object_type(bool nullable) const;
  ColumnInference scalars() const;

  Columns columns_;
  ColumnInference scalars_;
  Witness odd_float_{};  // a text such as "nan", as which JSON carries a float that has no number
  Witness first_array_{}, first_object_{};
  int level_ = 0;        // how many others it is within
  bool scalar_ = false;  // there was a number, word or text
  bool deep_ = false;    // there was an array or object that is too deep to look into
  uint64_t nulls_ = 0, arrays_ = 0, objects_ = 0, unreadable_ = 0;
  std::unique_ptr<JsonShape> elements_{};  // of arrays
  std::unique_ptr<JsonShape> values_{};    // of a Map
  bool map_ = false;
  std::vector<Member> members_;  // in the order in which they came
  std::unordered_map<std::string_view, size_t> numbers_{};
  size_t next_ = 0;  // the member that would come next if objects are alike
};

struct JsonShape::Member {
  std::unique_ptr<std::string> name{};  // its place does not change
  JsonShape shape;
  uint64_t count = 0;  ///< objects that have it
};

}  // namespace flatbed
