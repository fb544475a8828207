import { type BooleanExpression, count, countIf, distinctCount, ifElse, type NumberExpression } from 'eventflux'

type Column = NumberExpression<false, 'row'>

/** Cheap, middling and dear bids. */
export const priceRanks = (price: Column) =>
  [price.lt(10_000), price.ge(10_000).and(price.lt(1_000_000)), price.ge(1_000_000)] as const

/** How many bids there are, and of each rank. */
export function bidsByRank(price: Column) {
  const [rank1, rank2, rank3] = priceRanks(price)
  return { bids: count(), rank1Bids: countIf(rank1), rank2Bids: countIf(rank2), rank3Bids: countIf(rank3) }
}

const distinctWhere = (condition: BooleanExpression<false, 'literal' | 'row'>, value: Column) =>
  distinctCount(ifElse(condition, value, null))

/** The same, and how many different bidders and auctions they are of. */
export function statisticsByRank(e: { readonly price: Column; readonly bidder: Column; readonly auction: Column }) {
  const [rank1, rank2, rank3] = priceRanks(e.price)
  return {
    ...bidsByRank(e.price),
    bidders: distinctCount(e.bidder),
    rank1Bidders: distinctWhere(rank1, e.bidder),
    rank2Bidders: distinctWhere(rank2, e.bidder),
    rank3Bidders: distinctWhere(rank3, e.bidder),
    auctions: distinctCount(e.auction),
    rank1Auctions: distinctWhere(rank1, e.auction),
    rank2Auctions: distinctWhere(rank2, e.auction),
    rank3Auctions: distinctWhere(rank3, e.auction),
  }
}
