// HDF5 files made field by field, so that any field can lie. Addresses and lengths take 8 bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weigh::testing::h5 {

inline std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}
inline std::string u8(std::uint64_t value) { return number(value, 1); }
inline std::string u16(std::uint64_t value) { return number(value, 2); }
inline std::string u32(std::uint64_t value) { return number(value, 4); }
inline std::string u64(std::uint64_t value) { return number(value, 8); }
inline std::string padded(std::string text) { return text.append((8 - text.size() % 8) % 8, '\0'); }

inline constexpr std::uint64_t kRoot = 96;      // where the root group's header lies, right behind the superblock
inline constexpr std::uint64_t kMessages = 16;  // how far behind a header's begin its messages are

// Version 0, and what follows: the root's header first.
inline std::string file(const std::string& rest, std::uint64_t end = 0) {
  const std::uint64_t size = kRoot + rest.size();
  return std::string("\x89HDF\r\n\x1a\n", 8) + std::string(5, '\0') + u8(8) + u8(8) + u8(0) + u16(4) + u16(16) +
         u32(0) + u64(0) + u64(UINT64_MAX) + u64(end != 0 ? end : size) + u64(UINT64_MAX) + u64(0) + u64(kRoot) +
         std::string(24, '\0') + rest;
}

inline std::string message(std::uint64_t type, const std::string& body, std::uint64_t flags = 0) {
  const std::string bytes = padded(body);
  return u16(type) + u16(bytes.size()) + u8(flags) + std::string(3, '\0') + bytes;
}
inline std::string header(const std::string& messages) {
  return u8(1) + u8(0) + u16(1) + u32(1) + u32(messages.size()) + u32(0) + messages;
}

inline std::string dataspace(const std::string& extents, std::uint64_t rank) {
  return u8(1) + u8(rank) + std::string(6, '\0') + extents;
}
inline std::string float32() {
  return u8(0x11) + u8(0x20) + u8(0x1f) + u8(0) + u32(4) + u16(0) + u16(32) + u8(23) + u8(8) + u8(0) + u8(23) +
         u32(127);
}
inline std::string contiguous(std::uint64_t address, std::uint64_t bytes) {
  return u8(3) + u8(1) + u64(address) + u64(bytes);
}
inline std::string data_set(std::uint64_t extent, std::uint64_t address, std::uint64_t bytes) {
  return header(message(1, dataspace(u64(extent), 1)) + message(3, float32()) + message(8, contiguous(address, bytes)));
}
inline std::string link(std::string_view name, std::uint64_t target) {
  return message(6, u8(1) + u8(0) + u8(name.size()) + std::string(name) + u64(target));
}
inline std::string symbol_table(std::uint64_t tree, std::uint64_t heap) { return message(0x11, u64(tree) + u64(heap)); }
inline std::string tree(const std::string& children, std::uint64_t count, std::uint64_t kind = 0) {
  return "TREE" + u8(kind) + u8(0) + u16(count) + u64(UINT64_MAX) + u64(UINT64_MAX) + children;
}
inline std::string heap(std::uint64_t bytes, std::uint64_t address) {
  return "HEAP" + u32(0) + u64(bytes) + u64(UINT64_MAX) + u64(address);
}
inline std::string symbols(const std::string& entries, std::uint64_t count) {
  return "SNOD" + u8(1) + u8(0) + u16(count) + entries;
}
inline std::string symbol(std::uint64_t name, std::uint64_t target) {
  return u64(name) + u64(target) + std::string(24, '\0');
}

// Texts of variable length: a value is u32(length) + u64(collection) + u32(number) for each.
inline std::string attribute(std::string_view name, std::uint64_t count, const std::string& value) {
  const std::string type =
      u8(0x19) + u8(1) + u8(0) + u8(0) + u32(16) + u8(0x10) + std::string(3, '\0') + u32(1) + u32(0x80000);
  const std::string space = dataspace(u64(count), 1);
  const std::string ended = std::string(name) + '\0';
  return message(0x0C, u8(1) + u8(0) + u16(ended.size()) + u16(type.size()) + u16(space.size()) + padded(ended) +
                           padded(type) + padded(space) + value);
}
inline std::string global_heap(const std::string& objects, std::uint64_t length = 0) {
  return "GCOL" + u32(1) + u64(length != 0 ? length : 16 + objects.size()) + objects;
}
inline std::string heap_object(std::uint64_t index, const std::string& bytes) {
  return u16(index) + u16(1) + u32(0) + u64(bytes.size()) + padded(bytes);
}

}  // namespace weigh::testing::h5
