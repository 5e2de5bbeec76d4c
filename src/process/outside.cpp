// Steps written outside the library. Enters: a batch and what a foreign function answers to it. Leaves: a batch whose
// rows still know their records, or an error: an answer is never trusted about its shape.
#include "process/outside.hpp"

#include <cerrno>
#include <utility>

#include "columns/arrow_c.hpp"
#include "flatbed/arrow.hpp"

namespace flatbed {
namespace {

Error bad_answer(std::string message, std::string expected) {
  return {.code = Code::kUsage, .message = std::move(message), .expected = std::move(expected)};
}

Error other_rows(size_t found, size_t wanted) {
  Error error = bad_answer("a step answered with " + std::to_string(found) + " rows",
                           std::to_string(wanted) + " rows, as many as it was given");
  error.hint = "to drop rows, answer with flags: true where a row stays";
  return error;
}

Batch empty_batch(std::shared_ptr<const Schema> schema) {
  std::vector<Column> columns;
  for (const Field& field : schema->fields) columns.push_back(empty_column(field.type));
  return Batch(std::move(schema), std::move(columns), 0);
}

class OutsideProcessor final : public Processor {
 public:
  explicit OutsideProcessor(OutsideStep step) : step_(std::move(step)) {}

  Result<Schema> bind(const Schema& schema) override {
    auto answer = step_(empty_batch(std::make_shared<const Schema>(schema)));
    if (!answer) return std::move(answer).error();
    if (!answer->batch) return schema;
    if (answer->batch->rows() != 0) return other_rows(answer->batch->rows(), 0);
    schema_ = answer->batch->shared_schema();
    return *schema_;
  }

  Result<Batch> apply(Batch batch, std::vector<Error>&) override {
    if (batch.rows() == 0) return schema_ ? batch.with_columns(schema_, empty_batch(schema_).columns()) : batch;
    auto answer = step_(batch);
    if (!answer) return std::move(answer).error();
    if (answer->keep.has_value() == (schema_ != nullptr)) {
      return bad_answer("a step answered once with flags and once with columns", "the same kind of answer every time");
    }
    return answer->keep ? filtered(batch, *answer->keep) : replaced(batch, std::move(*answer->batch));
  }

 private:
  static Result<Batch> filtered(const Batch& batch, const std::vector<uint8_t>& keep) {
    if (keep.size() != batch.rows()) {
      return bad_answer("a step answered with " + std::to_string(keep.size()) + " flags",
                        std::to_string(batch.rows()) + ", one a row");
    }
    return batch.filter(keep);
  }

  Result<Batch> replaced(const Batch& batch, Batch answer) const {
    if (answer.rows() != batch.rows()) return other_rows(answer.rows(), batch.rows());
    if (answer.schema() != *schema_) {
      return bad_answer("a step answered with the columns " + to_string(answer.schema()),
                        to_string(*schema_) + ", as it did for a batch of no rows");
    }
    return batch.with_columns(schema_, std::move(answer.columns()));
  }

  OutsideStep step_;
  std::shared_ptr<const Schema> schema_{};  // of the answers; null when they are flags
};

// A stream that gives one batch and ends.
struct OneBatch {
  ArrowSchema schema{};
  ArrowArray batch{};

  static int get_schema(ArrowArrayStream* stream, ArrowSchema* out) {
    auto& self = *static_cast<OneBatch*>(stream->private_data);
    if (self.schema.release == nullptr) return EINVAL;
    *out = std::exchange(self.schema, {});
    return 0;
  }
  static int get_next(ArrowArrayStream* stream, ArrowArray* out) {
    *out = std::exchange(static_cast<OneBatch*>(stream->private_data)->batch, {});
    return 0;
  }
  static const char* get_last_error(ArrowArrayStream*) { return "the schema was taken before"; }
  static void release(ArrowArrayStream* stream) {
    auto* self = static_cast<OneBatch*>(stream->private_data);
    if (self->schema.release != nullptr) self->schema.release(&self->schema);
    if (self->batch.release != nullptr) self->batch.release(&self->batch);
    delete self;
    stream->release = nullptr;
  }
};

}  // namespace

std::unique_ptr<Processor> outside_step(OutsideStep step) {
  return std::make_unique<OutsideProcessor>(std::move(step));
}

Result<Batch> import_batch(ArrowSchema* schema, ArrowArray* batch) {
  auto* one = new OneBatch{std::exchange(*schema, {}), std::exchange(*batch, {})};
  ArrowArrayStream stream{OneBatch::get_schema, OneBatch::get_next, OneBatch::get_last_error, OneBatch::release, one};
  auto source = stream_source(&stream);
  if (!source) return std::move(source).error();
  return only_batch(**source);
}

Result<Batch> only_batch(Source& source) {
  auto schema = source.open({}, {});
  if (!schema) return std::move(schema).error();
  auto delivery = source.next({});
  while (delivery && *delivery && (*delivery)->batch.rows() == 0) delivery = source.next({});
  if (!delivery) return std::move(delivery).error();
  if (!*delivery) return empty_batch(std::make_shared<const Schema>(std::move(*schema)));
  for (auto more = source.next({});; more = source.next({})) {
    if (!more) return std::move(more).error();
    if (!*more) return std::move((*delivery)->batch);
    if ((*more)->batch.rows() == 0) continue;
    Error error = bad_answer("a step answered with several batches", "one batch");
    error.hint = "join them first, as pyarrow's combine_chunks and Polars' rechunk do";
    return error;
  }
}

}  // namespace flatbed
