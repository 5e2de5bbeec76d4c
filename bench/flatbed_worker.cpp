// Flatbed as a benchmark worker, through its public interface (but for `native`, which no peer does). Enters: a job and
// its schema. Leaves: timings, and for "check" the answer that every peer must give too (see answer.py).
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <optional>

#include "encode/native.hpp"
#include "flatbed/flatbed.hpp"
#include "worker.hpp"

namespace {

using flatbed::Batch;
using flatbed::Column;
using flatbed::TypeId;

flatbed::Schema schema_of(const worker::Job& job) {
  flatbed::Schema schema;
  for (const auto& [name, type] : job.columns) {
    schema.fields.push_back({name, flatbed::parse_type(type).value(), "the benchmark"});
  }
  return schema;
}

/// The rows of the file, block by block. As with every peer, dialect and types are given.
class Rows {
 public:
  explicit Rows(const worker::Job& job)
      : source_(flatbed::Registry::with_builtins().source({job.input, options(job)}).value()) {
    source_->open({.types = schema_of(job), .threads = job.threads}, {}).value();
  }
  std::optional<Batch> next() {
    auto delivery = source_->next({}).value();
    if (!delivery) return std::nullopt;
    if (!delivery->rejects.empty()) throw flatbed::Exception(delivery->rejects.front());
    return std::move(delivery->batch);
  }

 private:
  static std::map<std::string, std::string> options(const worker::Job& job) {
    std::map<std::string, std::string> given = {
        {"delimiter", ","}, {"quote", "\""}, {"escape", "\""}, {"header", "true"}};
    if (!job.null.empty()) given["nulls"] = job.null;
    return given;
  }
  std::unique_ptr<flatbed::Source> source_;
};

std::vector<Batch> hold(const worker::Job& job) {
  std::vector<Batch> table;
  Rows rows(job);
  while (auto batch = rows.next()) table.push_back(std::move(*batch));
  return table;
}

uint64_t stream(const worker::Job& job) {
  uint64_t count = 0;
  Rows rows(job);
  while (const auto batch = rows.next()) count += batch->rows();
  return count;
}

uint64_t native(const worker::Job& job) {
  uint64_t bytes = 0;
  std::string block;
  Rows rows(job);
  while (const auto batch = rows.next()) {
    block.clear();
    flatbed::encode_native(*batch, block);
    bytes += block.size();
  }
  return bytes;
}

void write(const worker::Job& job, const flatbed::Schema& schema, const std::vector<Batch>& table) {
  const auto sink =
      flatbed::Registry::with_builtins().sink({job.output, {{"format", "csv"}, {"overwrite", "true"}}}).value();
  sink->open(schema, {.threads = job.threads}, {}).check();
  for (const Batch& batch : table) sink->write(batch, {}).check();
  sink->finish({}).check();
}

template <bool kEveryByte>
worker::Seen fields(std::string_view bytes) {
  worker::Seen seen;
  flatbed::csv::Reader reader(bytes);
  for (const auto& row : reader) {
    worker::Seen here{.rows = 1};  // of its own, so that it stays in registers
    for (size_t index = 0; index < row.size(); ++index) here.field<kEveryByte>(row[index]);
    seen.add(here);
  }
  if (!reader.status()) throw flatbed::Exception(reader.status().error());
  return seen;
}

/// One fact about a column, added up over its batches.
class ColumnAnswer {
 public:
  explicit ColumnAnswer(const flatbed::Type& type) : type_(type) {}

  void add(const Column& column) {
    nulls_ += column.nulls;
    switch (type_.id) {
      case TypeId::kString:
        for (size_t row = 0; row < column.rows; ++row) bytes_ += column.text(row).size();
        break;
      case TypeId::kFloat64:
        return add_floats(column);
      case TypeId::kBool:
      case TypeId::kUInt8:
        return add_integers<uint8_t>(column);
      case TypeId::kUInt16:
      case TypeId::kDate:
        return add_integers<uint16_t>(column);
      case TypeId::kUInt32:
      case TypeId::kDateTime:
        return add_integers<uint32_t>(column);
      case TypeId::kUInt64:
        return add_integers<uint64_t>(column);
      case TypeId::kInt8:
        return add_integers<int8_t>(column);
      case TypeId::kInt16:
        return add_integers<int16_t>(column);
      case TypeId::kInt32:
      case TypeId::kDecimal32:
        return add_integers<int32_t>(column);
      case TypeId::kInt64:
      case TypeId::kDecimal64:
        return add_integers<int64_t>(column);
      default:
        throw std::invalid_argument("no answer for " + flatbed::to_string(type_));
    }
  }

  std::string json() const {
    std::ostringstream out;
    out.precision(std::numeric_limits<double>::max_digits10);
    if (type_.id == TypeId::kString) {
      out << R"({"bytes": )" << bytes_ << "}";
      return out.str();
    }
    out << R"({"nulls": )" << nulls_;
    if (type_.id == TypeId::kFloat64) {
      out << R"(, "magnitude": )" << magnitude_ << R"(, "min": )" << smallest_ << R"(, "max": )" << greatest_;
    } else if (type_.id == TypeId::kDate || type_.id == TypeId::kDateTime) {
      out << R"(, "first": )" << least_ << R"(, "last": )" << most_;
    } else {
      out << R"(, "sum": ")" << sum_ << '"';
    }
    out << "}";
    return out.str();
  }

 private:
  template <class T>
  void add_integers(const Column& column) {
    const auto values = column.as<T>();
    for (size_t row = 0; row < column.rows; ++row) {
      if (column.is_null(row)) continue;
      sum_ += static_cast<uint64_t>(static_cast<int64_t>(values[row]));
      least_ = std::min(least_, static_cast<int64_t>(values[row]));
      most_ = std::max(most_, static_cast<int64_t>(values[row]));
    }
  }
  void add_floats(const Column& column) {
    const auto values = column.as<double>();
    for (size_t row = 0; row < column.rows; ++row) {
      if (column.is_null(row)) continue;
      magnitude_ += std::fabs(values[row]);
      smallest_ = std::min(smallest_, values[row]);
      greatest_ = std::max(greatest_, values[row]);
    }
  }

  flatbed::Type type_;
  uint64_t nulls_ = 0, bytes_ = 0;
  uint64_t sum_ = 0;  // modulo 2**64; decimals of up to 18 digits add up below it
  int64_t least_ = std::numeric_limits<int64_t>::max(), most_ = std::numeric_limits<int64_t>::min();
  double magnitude_ = 0;
  double smallest_ = std::numeric_limits<double>::infinity(), greatest_ = -std::numeric_limits<double>::infinity();
};

std::string answer(const flatbed::Schema& schema, const std::vector<Batch>& table) {
  uint64_t rows = 0;
  for (const Batch& batch : table) rows += batch.rows();
  std::string columns;
  for (size_t index = 0; index < schema.size(); ++index) {
    ColumnAnswer column(schema.fields[index].type);
    for (const Batch& batch : table) column.add(batch.column(index));
    columns += (columns.empty() ? "\"" : ", \"") + schema.fields[index].name + "\": " + column.json();
  }
  return R"({"rows": )" + std::to_string(rows) + R"(, "columns": {)" + columns + "}}";
}

int serve(const worker::Job& job) {
  const flatbed::Schema schema = schema_of(job);
  if (job.work == "typed") {
    return worker::serve([&] { return hold(job); },
                         [&](const std::vector<Batch>& table) { return answer(schema, table); });
  }
  if (job.work == "stream") {
    return worker::serve([&] { return stream(job); },
                         [](uint64_t rows) { return R"({"rows": )" + std::to_string(rows) + "}"; });
  }
  if (job.work == "native") {
    return worker::serve([&] { return native(job); },
                         [](uint64_t bytes) { return R"({"native_bytes": )" + std::to_string(bytes) + "}"; });
  }
  if (job.work == "write") {
    const std::vector<Batch> table = hold(job);
    return worker::serve([&] { return write(job, schema, table), true; },
                         [&](bool) { return R"({"file": ")" + job.output + "\"}"; });
  }
  const std::string data = worker::file_text(job.input);
  if (job.work == "memcpy") {
    std::string copy(data.size(), ' ');  // touched before the clock starts
    return worker::serve([&] { return std::memcpy(copy.data(), data.data(), data.size()) != nullptr; },
                         [&](bool) { return R"({"bytes": )" + std::to_string(copy.size()) + "}"; });
  }
  return worker::serve([&] { return job.work == "bytes" ? fields<true>(data) : fields<false>(data); },
                       [](const worker::Seen& seen) { return seen.json(); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7) return 2;
  try {
    return serve(worker::job_of(argc, argv));
  } catch (const flatbed::Exception& problem) {
    std::fprintf(stderr, "%s\n", flatbed::to_string(problem.error()).c_str());
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
  }
  return 1;
}
