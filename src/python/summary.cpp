// weigh/summary.h and weigh/render.h: totals, rows, and their text.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include "python/choice.h"
#include "python/views.h"

#include "weigh/render.h"

using namespace nanobind::literals;

namespace weigh::python {
namespace {

Summary summary_of(const Model& model, std::optional<int> depth, bool fold, const std::string& sort, std::uint32_t top,
                   std::string filter) {
  static const std::map<std::string, SortKey> keys = {{"definition", SortKey::definition},
                                                      {"name", SortKey::name},
                                                      {"params", SortKey::parameters},
                                                      {"size", SortKey::size}};
  SummaryOptions options;
  options.depth = depth;
  options.fold = fold;
  options.sort = chosen(keys, sort, "order");
  options.top = top;
  options.filter = std::move(filter);
  return summarize(model, options);
}

std::vector<Column> own_columns(nb::object self, const nb::dict& columns) {
  std::vector<Column> own;
  for (const auto& [title, function] : columns) {
    const nb::object cell = nb::borrow(function);
    own.push_back({"", nb::str(title).c_str(), false, [self, cell](const Summary& summary, const Row& row) {
                     const auto index = static_cast<std::size_t>(&row - summary.rows.data());
                     return std::string(nb::str(cell(RowView{self, &summary, index})).c_str());
                   }});
  }
  return own;
}

std::string text_of(nb::object self, const std::string& format, bool exact, bool unicode, unsigned width, bool color,
                    std::vector<std::string> columns, const nb::dict& own) {
  static const std::map<std::string, RenderFormat> formats = {{"table", RenderFormat::table},
                                                              {"lightning", RenderFormat::lightning},
                                                              {"json", RenderFormat::json},
                                                              {"csv", RenderFormat::csv},
                                                              {"markdown", RenderFormat::markdown},
                                                              {"html", RenderFormat::html},
                                                              {"html_table", RenderFormat::html_table},
                                                              {"svg", RenderFormat::svg},
                                                              {"cyclonedx", RenderFormat::cyclonedx},
                                                              {"spdx", RenderFormat::spdx}};
  RenderOptions options;
  options.format = chosen(formats, format, "format");
  options.exact = exact;
  options.unicode = unicode;
  options.width = width;
  options.color = color;
  options.columns = std::move(columns);
  options.own_columns = own_columns(self, own);
  return render(nb::cast<const Summary&>(self), options);
}

auto count(auto get) {
  return [get](const RowView& row) { return view(row.model(), get(row.row().tally)); };
}

void bind_row(nb::module_& module) {
  nb::class_<RowView>(module, "Row", "One line: a module with all below it, or identical siblings folded into one.")
      .def_prop_ro("path", [](const RowView& v) { return v.model().path_of(v.row().module); })
      .def_prop_ro("type", [](const RowView& v) { return v.model().modules[v.row().module].type; })
      .def_prop_ro("depth", [](const RowView& v) { return v.row().depth; })
      .def_prop_ro("repeat", [](const RowView& v) { return v.row().repeat; })
      .def_prop_ro("own_only", [](const RowView& v) { return v.row().own_only; })
      .def_prop_ro("lazy", [](const RowView& v) { return v.row().lazy; })
      .def_prop_ro("tied", [](const RowView& v) { return v.row().tied; })
      .def_prop_ro("module",
                   [](const RowView& v) {
                     return ModuleView{{v.owner, v.summary->model, v.row().module}};
                   })
      .def_prop_ro(
          "mode",
          [](const RowView& v) { return v.row().own_only ? nb::none() : mode_of(v.model().modules[v.row().module]); },
          "'train' or 'eval'; None where it is not recorded, or the row is no module.")
      .def_prop_ro("parameters", count([](const Tally& tally) { return tally.parameters; }))
      .def_prop_ro(
          "trainable",
          [](const RowView& v) -> std::optional<CountView> {
            if (!v.row().tally.trainable_recorded) return std::nullopt;
            return view(v.model(), v.row().tally.trainable);
          },
          "None where it is not recorded of each.")
      .def_prop_ro("buffers", count([](const Tally& tally) { return tally.buffers; }))
      .def_prop_ro("bytes", count([](const Tally& tally) { return tally.bytes; }));
}

TotalsView totals_of(nb::object summary) { return {{summary, nb::cast<const Summary*>(summary)}}; }

std::vector<RowView> rows_of(nb::object self) {
  const auto* summary = nb::cast<const Summary*>(self);
  std::vector<RowView> rows;
  for (std::size_t i = 0; i < summary->rows.size(); ++i) rows.push_back({self, summary, i});
  return rows;
}

std::vector<TensorView> uninitialized_of(nb::object self) {
  const auto* summary = nb::cast<const Summary*>(self);
  std::vector<TensorView> tensors;
  for (const Index index : summary->uninitialized) tensors.push_back({{self, summary->model, index}});
  return tensors;
}

std::vector<SectionView> sections_of(nb::object self) {
  const auto* summary = nb::cast<const Summary*>(self);
  std::vector<SectionView> sections;
  for (std::size_t i = 0; i < summary->model->sections.size(); ++i) sections.push_back({{self, summary}, i});
  return sections;
}

std::string table_of(nb::object summary, const char* format) {
  return text_of(std::move(summary), format, false, true, 0, false, {}, nb::dict());
}

}  // namespace

void bind_summary(nb::module_& module, nb::class_<Model>& model) {
  bind_row(module);
  bind_totals(module);
  nb::class_<Summary> summary(module, "Summary", "Totals and rows of a model for one depth.");
  summary.def_prop_ro("totals", &totals_of)
      .def_prop_ro("rows", &rows_of)
      .def_prop_ro("sections", &sections_of, "Parts of the file, in its order: models, averages, optimizer states.")
      .def_prop_ro("uninitialized", &uninitialized_of, "Tensors that have no shape or no memory yet.")
      .def(
          "render", &text_of, "format"_a = "table", nb::kw_only(), "exact"_a = false, "unicode"_a = true, "width"_a = 0,
          "color"_a = false, "columns"_a = std::vector<std::string>(), "own_columns"_a = nb::dict(),
          "As text: table, lightning, json, csv, markdown, html, html_table, svg, cyclonedx or spdx. `own_columns` are "
          "functions of a row, by title.")
      .def("__repr__", [](nb::object self) { return table_of(self, "table"); })
      .def("_repr_html_", [](nb::object self) { return table_of(self, "html_table"); });
  model
      .def("summary", &summary_of, nb::keep_alive<0, 1>(), "depth"_a.none() = nb::none(), "fold"_a = true,
           "sort"_a = "definition", "top"_a = 0, "filter"_a = "",
           "Rows and totals. depth: levels of modules; 0 totals only, -1 all; None: 1, and wrappers are opened.")
      .def_prop_ro("totals", [](nb::object self) { return totals_of(self.attr("summary")(0)); })
      .def("__repr__", [](nb::object self) { return table_of(self.attr("summary")(), "table"); })
      .def("_repr_html_", [](nb::object self) { return table_of(self.attr("summary")(), "html_table"); })
      .def(
          "to_json", [](nb::object self) { return table_of(self.attr("summary")(-1), "json"); },
          "Everything, as docs/json.md says.");
  for (const char* name : {"to_dict", "to_frame", "__rich__"}) {
    // Of the Python package: what they need is imported when they are called.
    auto by_package = [name](nb::object self) { return nb::module_::import_("weighbridge._convert").attr(name)(self); };
    model.def(name, by_package);
    summary.def(name, by_package);
  }
}

}  // namespace weigh::python
