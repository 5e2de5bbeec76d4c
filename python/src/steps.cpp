#include "steps.hpp"

#include "arrow.hpp"

namespace flatbed::python {

namespace {

std::optional<std::vector<uint8_t>> flags_of(const py::object& answer) {
  std::vector<uint8_t> keep;
  if (py::isinstance<py::list>(answer) || py::isinstance<py::tuple>(answer)) {
    for (const py::handle flag : py::sequence(answer)) keep.push_back(py::cast<bool>(flag));
    return keep;
  }
  if (!PyObject_CheckBuffer(answer.ptr())) return std::nullopt;
  const py::buffer_info info = py::reinterpret_borrow<py::buffer>(answer).request();
  if (info.ndim != 1 || info.itemsize != 1 || (info.format != "?" && info.format != "B")) return std::nullopt;
  for (py::ssize_t row = 0; row < info.shape[0]; ++row) {
    keep.push_back(static_cast<const uint8_t*>(info.ptr)[row * info.strides[0]] != 0);
  }
  return keep;
}

// Appends the flags of a boolean Arrow array; a NULL does not keep its row.
void append_flags(const ArrowArray& array, std::vector<uint8_t>& keep) {
  const auto bit = [&](const void* bits, int64_t row) {
    const int64_t at = row + array.offset;
    return bits == nullptr || ((static_cast<const uint8_t*>(bits)[at / 8] >> (at % 8)) & 1) != 0;
  };
  for (int64_t row = 0; row < array.length; ++row) {
    keep.push_back(bit(array.buffers[0], row) && bit(array.buffers[1], row));
  }
}

// An Arrow struct that is released at the end of its scope.
template <class T>
struct Owned : T {
  Owned() : T{} {}
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    if (this->release != nullptr) this->release(this);
  }
};

Error stream_failed(ArrowArrayStream& stream) {
  const char* text = stream.get_last_error(&stream);
  return {.code = Code::kReadFailed, .message = text == nullptr ? "the stream failed" : text};
}

Result<Answer> answer_of_stream(ArrowArrayStream* stream) {
  Owned<ArrowSchema> schema;
  if (stream->get_schema(stream, &schema) != 0) return stream_failed(*stream);
  if (std::string_view(schema.format) != "b") {
    auto source = stream_source(stream);
    if (!source) return std::move(source).error();
    auto batch = only_batch(**source);
    if (!batch) return std::move(batch).error();
    return Answer{.batch = std::move(*batch)};
  }
  std::vector<uint8_t> keep;
  for (;;) {
    Owned<ArrowArray> array;
    if (stream->get_next(stream, &array) != 0) return stream_failed(*stream);
    if (array.release == nullptr) return Answer{.keep = std::move(keep)};
    append_flags(array, keep);
  }
}

Result<Answer> answer_of_array(ArrowSchema* schema, ArrowArray* array) {
  if (std::string_view(schema->format) == "b") {
    std::vector<uint8_t> keep;
    append_flags(*array, keep);
    return Answer{.keep = std::move(keep)};
  }
  auto batch = import_batch(schema, array);
  if (!batch) return std::move(batch).error();
  return Answer{.batch = std::move(*batch)};
}

Result<Answer> answer_of(const py::object& answer) {
  if (auto keep = flags_of(answer)) return Answer{.keep = std::move(*keep)};
  if (py::hasattr(answer, "__arrow_c_array__")) {
    const py::tuple capsules = answer.attr("__arrow_c_array__")();
    return answer_of_array(arrow_pointer<ArrowSchema>(capsules[0], "arrow_schema"),
                           arrow_pointer<ArrowArray>(capsules[1], "arrow_array"));
  }
  if (py::hasattr(answer, "__arrow_c_stream__")) {
    const py::object capsule = answer.attr("__arrow_c_stream__")();
    return answer_of_stream(arrow_pointer<ArrowArrayStream>(capsule, "arrow_array_stream"));
  }
  return Error{
      .code = Code::kUsage,
      .message = "a step answered with " + py::cast<std::string>(py::str(py::type::of(answer).attr("__name__"))),
      .expected = "a flag for each row, or an Arrow batch"};
}

}  // namespace

OutsideStep python_step(py::object callable, std::shared_ptr<Raised> raised) {
  const std::shared_ptr<py::object> held(new py::object(std::move(callable)), [](py::object* object) {
    const py::gil_scoped_acquire acquired;
    delete object;
  });
  return [held, raised](const Batch& batch) -> Result<Answer> {
    const py::gil_scoped_acquire acquired;
    try {
      return answer_of((*held)(batch));
    } catch (py::error_already_set& exception) {
      raised->keep(std::move(exception));
    } catch (const py::cast_error& problem) {
      return Error{.code = Code::kUsage, .message = problem.what()};
    }
    return Error{.code = Code::kUsage, .message = "a step raised an exception"};
  };
}

}  // namespace flatbed::python
