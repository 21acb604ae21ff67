/// What a class plays, as a table knows it: numbers of players, -1 for none.
struct ClassState {
    var current: Int32 = -1
    var next: Int32 = -1
    var switchAt: Int64 = .max
}
