// The door to other data tools: batches and pipelines as Arrow C data and C streams, and streams as sources.
// Format: https://arrow.apache.org/docs/format/CDataInterface.html and CStreamInterface.html.
#pragma once

#include <memory>

#include "flatbed/batch.hpp"
#include "flatbed/source.hpp"
#include "flatbed/status.hpp"

struct ArrowSchema;
struct ArrowArray;
struct ArrowArrayStream;

namespace flatbed {

/// Writes a schema for Arrow. What Arrow has no type for keeps ClickHouse's name in the metadata key "clickhouse:type":
/// 128 and 256 bit integers, UUID and IPv6 are fixed-size binary; Date, DateTime and small decimals widen; Enum is
/// text. OWNERSHIP: the caller releases `out`.
Status export_schema(const Schema& schema, ArrowSchema* out);
/// Hands a batch over as a struct array. Columns whose layout is Arrow's are not copied.
Status export_batch(const Batch& batch, ArrowArray* out);
/// Hands a source over as a stream; it is opened with `request` at once. A reject ends the stream as an error.
Status export_stream(std::unique_ptr<Source> source, const ReadRequest& request, ArrowArrayStream* out);
/// Reads a stream as a source. OWNERSHIP: moved in; `stream` is released when the source goes.
Result<std::unique_ptr<Source>> stream_source(ArrowArrayStream* stream);

}  // namespace flatbed
