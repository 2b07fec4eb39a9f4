// Pickles that would run something when Python loads them are refused, wherever they hide it; nothing is executed here.
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/files.h"
#include "support/made_files.h"

namespace weigh::testing {
namespace {

std::string refusal(const std::string& bytes) {
  return error_of([&] { read_bytes(bytes); });
}
std::string refused(const std::string& source, const std::string& global) {
  return source + ": the pickle would use '" + global +
         "' when Python loads it, which no model needs; do not load this file (nothing in it was executed)";
}

// A tar archive of members with these bytes.
std::string tar(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string all;
  for (const auto& [name, bytes] : members) {
    std::string header(512, '\0');
    header.replace(0, name.size(), name);
    const std::string octal = fmt::format("{:011o}", bytes.size());
    header.replace(124, octal.size(), octal);
    header[156] = '0';
    header.replace(257, 5, "ustar");
    all += header + bytes + std::string((512 - bytes.size() % 512) % 512, '\0');
  }
  return all + std::string(1024, '\0');
}
std::string no_storages() { return py::pickle(py::integer(0)) + py::pickle(py::list({})); }
std::string no_tensors() { return py::pickle(py::integer(0)); }

TEST(Danger, IsRefusedByName) {
  for (auto [module, name] : {std::pair("os", "system"),
                              {"posix", "system"},
                              {"nt", "system"},
                              {"subprocess", "Popen"},
                              {"subprocess", "check_output"},
                              {"sys", "exit"},
                              {"socket", "create_connection"},
                              {"runpy", "_run_code"},
                              {"importlib", "import_module"},
                              {"shutil", "rmtree"},
                              {"ctypes", "CDLL"},
                              {"urllib.request", "urlretrieve"},
                              {"webbrowser", "open"},
                              {"builtins", "eval"},
                              {"builtins", "exec"},
                              {"builtins", "open"},
                              {"builtins", "__import__"},
                              {"__builtin__", "eval"},
                              {"__builtin__", "execfile"}}) {
    const std::string value = py::call(py::global(module, name), {py::text("id")});
    EXPECT_EQ(refusal(torch_file(value)), refused("m", std::string(module) + "." + name));
  }
}

TEST(Danger, IsNotSeenInWhatOnlyLooksLikeIt) {
  for (auto [module, name] : {std::pair("ostrich", "system"), {"builtins", "set"}, {"builtins", "evaluate"}}) {
    const Model model = read_bytes(torch_file(py::list({py::call(py::global(module, name), {})})));
    EXPECT_EQ(model.kind, "tensors") << module;
  }
}

TEST(Danger, IsRefusedWhereNothingIsLeftOfIt) {
  const std::string call = py::call(py::global("os", "system"), {py::text("id")});
  const std::string mark = "(";
  EXPECT_EQ(refusal(torch_file(call + "0" + py::dict({}))), refused("m", "os.system"));                 // POP
  EXPECT_EQ(refusal(torch_file(mark + call + "1" + py::dict({}))), refused("m", "os.system"));          // POP_MARK
  EXPECT_EQ(refusal(torch_file("(" + py::text("id") + "ios\nsystem\n0N")), refused("m", "os.system"));  // INST
  EXPECT_EQ(refusal(torch_file(py::text("os") + py::text("system") + "\x93" + "0N")),
            refused("m", "os.system"));  // STACK_GLOBAL
}

TEST(Danger, IsRefusedAsAValueAndAsACallable) {
  const std::string getattr = py::call(py::global("builtins", "getattr"), {py::global("os", "path"), py::text("x")});
  EXPECT_EQ(refusal(torch_file(py::dict({{"hook", getattr}}))), refused("m", "os.path"));
}

TEST(Danger, IsRefusedBesideAModel) {
  const std::string weight = py::tensor(py::storage("FloatStorage", "0", 1), 0, {1}, {1});
  const std::string evil = py::call(py::global("builtins", "exec"), {py::text("1")});
  EXPECT_EQ(refusal(torch_file(py::dict({{"w", weight}, {"x", evil}}), {{"0", "1234"}})),
            refused("m", "builtins.exec"));
}

TEST(Danger, IsRefusedInEveryPickleOfALegacyStream) {
  const std::string evil = py::call(py::global("os", "system"), {py::text("id")}) + "0";
  const std::string magic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
  for (int place = 0; place < 5; ++place) {
    const std::string values[] = {magic, py::integer(1001), py::dict({}), py::dict({}), py::list({})};
    std::string stream;
    for (int i = 0; i < 5; ++i) stream += py::pickle(i == place ? values[i] + evil : values[i]);
    EXPECT_EQ(refusal(stream), refused("m", "os.system")) << place;
  }
}

TEST(Danger, IsRefusedInEveryPickleOfATarArchive) {
  const std::string evil = py::call(py::global("os", "system"), {py::text("id")}) + "0";
  const std::string fine = py::pickle(py::dict({}));
  EXPECT_EQ(read_bytes(tar({{"storages", no_storages()}, {"tensors", no_tensors()}, {"pickle", fine}})).kind,
            "tensors, tar");
  EXPECT_EQ(refusal(tar(
                {{"storages", no_storages()}, {"tensors", no_tensors()}, {"pickle", py::pickle(py::dict({}) + evil)}})),
            refused("m", "os.system"));
  EXPECT_EQ(refusal(tar({{"storages", py::pickle(py::integer(0) + evil) + py::pickle(py::list({}))},
                         {"tensors", no_tensors()},
                         {"pickle", fine}})),
            refused("m", "os.system"));
  EXPECT_EQ(refusal(tar({{"storages", py::pickle(py::integer(0)) + py::pickle(py::list({}) + evil)},
                         {"tensors", no_tensors()},
                         {"pickle", fine}})),
            refused("m", "os.system"));
  EXPECT_EQ(
      refusal(tar({{"storages", no_storages()}, {"tensors", py::pickle(py::integer(0) + evil)}, {"pickle", fine}})),
      refused("m", "os.system"));
}

TEST(Danger, CannotHideInASecondPickleOfAnArchive) {
  const std::string evil = py::pickle(py::call(py::global("os", "system"), {py::text("id")}));
  for (const bool evil_first : {true, false}) {
    Zip zip;
    zip.add("a/data.pkl", evil_first ? evil : py::pickle(py::dict({})));
    zip.add("b/data.pkl", evil_first ? py::pickle(py::dict({})) : evil);
    EXPECT_EQ(refusal(zip.bytes()),
              "m: holds two pickles, 'a/data.pkl' and 'b/data.pkl'; which one counts depends on the reader");
  }
}

TEST(UnknownClasses, AreNotedOnceEach) {
  auto made = [](const char* module, const char* name) { return py::call(py::global(module, name), {}); };
  const Model model = read_bytes(torch_file(py::list(
      {made("mine", "Config"), made("mine", "Config"), made("yours.deep", "Thing"), made("pathlib", "Path")})));
  EXPECT_EQ(notes_of(model),
            "unknown-class mine.Config: is a class that is not known; its objects were kept by name, none was made\n"
            "unknown-class yours.deep.Thing: is a class that is not known; its objects were kept by name, none was "
            "made\n");
}

TEST(UnknownClasses, AreSearchedForModels) {
  const std::string state = py::dict({{"model", py::dict({{"a.weight", py::uninitialized()}})}});
  const std::string object = py::global("mine", "Trainer") + ")\x81" + state + "b";
  const Model model = read_bytes(torch_file(object));
  EXPECT_EQ(model.kind, "checkpoint");
  ASSERT_EQ(model.tensors.size(), 1U);
  EXPECT_EQ(model.path_of(model.tensors[0]), "a.weight");
}

}  // namespace
}  // namespace weigh::testing
