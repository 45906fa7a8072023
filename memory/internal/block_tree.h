// Free blocks in a binary tree by an order of the user's, each node with the greatest size below
// it.
//
// A treap: the tree that results from insertion in the order of priorities that are as good as
// random, here the scrambled number of the block; some 2 ln n deep, whatever comes and goes.
//
// Source: R. Seidel, C. R. Aragon, "Randomized Search Trees", Algorithmica 16, 1996.
#ifndef ASHLAR_MEMORY_INTERNAL_BLOCK_TREE_H_
#define ASHLAR_MEMORY_INTERNAL_BLOCK_TREE_H_

#include <cstdint>

#include "ashlar/memory/internal/block_table.h"
#include "ashlar/memory/internal/request.h"

namespace ashlar::internal {

struct ByOffset {
  static bool IsLess(const Block& one, const Block& other) { return one.offset < other.offset; }
};

struct BySizeThenOffset {
  static bool IsLess(const Block& one, const Block& other) {
    return one.size != other.size ? one.size < other.size : one.offset < other.offset;
  }
};

template <class Order>
class BlockTree {
 public:
  void Insert(BlockTable& blocks, BlockId id) {
    const Units size = blocks[id].size;
    BlockId* place = &root_;
    while (*place != kNoBlock && Priority(*place) > Priority(id)) {
      Block& node = blocks[*place];
      if (node.pins_or_most < size) node.pins_or_most = size;
      place = Order::IsLess(blocks[id], node) ? &Left(node) : &Right(node);
    }
    Split(blocks, *place, blocks[id], Left(blocks[id]), Right(blocks[id]));
    *place = id;
    Update(blocks, id);
  }

  void Remove(BlockTable& blocks, BlockId id) { Remove(blocks, root_, id); }

  // Removes the first in order that the request fits in; kNoBlock if it fits in none.
  BlockId Take(BlockTable& blocks, const Request& request) {
    const BlockId id = Find(blocks, root_, request);
    if (id != kNoBlock) Remove(blocks, id);
    return id;
  }

  Units Largest(const BlockTable& blocks) const {
    return root_ == kNoBlock ? 0 : blocks[root_].pins_or_most;
  }

  template <class Visit>
  void ForEach(const BlockTable& blocks, Visit visit) const {
    ForEach(blocks, root_, visit);
  }

 private:
  static BlockId& Left(Block& block) { return block.previous; }
  static BlockId& Right(Block& block) { return block.next; }
  static BlockId Left(const Block& block) { return block.previous; }
  static BlockId Right(const Block& block) { return block.next; }

  static std::uint32_t Priority(BlockId id) {
    std::uint32_t bits = (id ^ id >> 16) * 0x85ebca6b;
    bits = (bits ^ bits >> 13) * 0xc2b2ae35;
    return bits ^ bits >> 16;  // of each number another
  }

  static void Update(BlockTable& blocks, BlockId id) {
    Block& node = blocks[id];
    Units most = node.size;
    for (const BlockId child : {Left(node), Right(node)}) {
      if (child != kNoBlock && blocks[child].pins_or_most > most) most = blocks[child].pins_or_most;
    }
    node.pins_or_most = most;
  }

  // Divides a tree into what precedes `at` and what follows it.
  static void Split(BlockTable& blocks, BlockId tree, const Block& at, BlockId& less,
                    BlockId& greater) {
    if (tree == kNoBlock) {
      less = greater = kNoBlock;
      return;
    }
    Block& node = blocks[tree];
    if (Order::IsLess(node, at)) {
      less = tree;
      Split(blocks, Right(node), at, Right(node), greater);
    } else {
      greater = tree;
      Split(blocks, Left(node), at, less, Left(node));
    }
    Update(blocks, tree);
  }

  // All of `one` precedes all of `other`.
  static BlockId Join(BlockTable& blocks, BlockId one, BlockId other) {
    if (one == kNoBlock) return other;
    if (other == kNoBlock) return one;
    if (Priority(one) > Priority(other)) {
      Right(blocks[one]) = Join(blocks, Right(blocks[one]), other);
      Update(blocks, one);
      return one;
    }
    Left(blocks[other]) = Join(blocks, one, Left(blocks[other]));
    Update(blocks, other);
    return other;
  }

  static void Remove(BlockTable& blocks, BlockId& tree, BlockId id) {
    if (tree == id) {
      tree = Join(blocks, Left(blocks[id]), Right(blocks[id]));
      return;
    }
    Block& node = blocks[tree];
    Remove(blocks, Order::IsLess(blocks[id], node) ? Left(node) : Right(node), id);
    Update(blocks, tree);
  }

  static BlockId Find(const BlockTable& blocks, BlockId tree, const Request& request) {
    if (tree == kNoBlock || blocks[tree].pins_or_most < request.size) return kNoBlock;
    const Block& node = blocks[tree];
    const BlockId before = Find(blocks, Left(node), request);
    if (before != kNoBlock) return before;
    return request.FitsIn(node) ? tree : Find(blocks, Right(node), request);
  }

  template <class Visit>
  static void ForEach(const BlockTable& blocks, BlockId tree, Visit& visit) {
    if (tree == kNoBlock) return;
    ForEach(blocks, Left(blocks[tree]), visit);
    visit(tree);
    ForEach(blocks, Right(blocks[tree]), visit);
  }

  BlockId root_ = kNoBlock;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_MEMORY_INTERNAL_BLOCK_TREE_H_
