internal import Foundation

/// Users as a CSV file: a column for every ``UserField`` that is given, named in the first line.
package enum UserTable {
    /// The edits that a file asks for, and everything that is wrong with its form.
    package static func read(_ octets: [UInt8]) -> (edits: [UserEdit], faults: [EditFault]) {
        if octets.starts(with: [0xff, 0xfe]) || octets.starts(with: [0xfe, 0xff]) {
            let fault = UserFault("the file is in UTF-16", "save it as UTF-8")
            return ([], [EditFault(line: 1, fault: fault)])
        }
        var reader = CSVReader(octets)
        var columns: [UserField]?
        var edits: [UserEdit] = []
        var faults: [EditFault] = []
        while true {
            do throws(CSVReader.Fault) {
                guard let record = try reader.next() else { break }
                do throws(UserFault) {
                    if let columns {
                        edits.append(try edit(record, columns))
                    } else {
                        columns = try header(record.fields)
                    }
                } catch {
                    faults.append(EditFault(line: record.line, fault: error))
                }
            } catch {
                faults.append(EditFault(line: error.line, fault: error.fault))
            }
            // Without its head nothing that follows means anything.
            if columns == nil { return ([], faults) }
        }
        if columns == nil {
            let fault = UserFault("the file is empty", "begin with a line of column names")
            faults.append(EditFault(line: 1, fault: fault))
        }
        return (edits, faults)
    }

    /// The file that ``read(_:)`` takes back.
    package static func written(_ users: [User]) -> String {
        var text = line(UserField.told.map(\.rawValue))
        for user in users { text += line(UserField.told.map(user.text)) }
        return text
    }

    private static func header(_ names: [String]) throws(UserFault) -> [UserField] {
        var columns: [UserField] = []
        for name in names {
            let name = name.trimmingCharacters(in: .whitespaces)
            guard let field = UserField(rawValue: name.lowercased()) else {
                if names.count == 1, name.contains(";") || name.contains("\t") {
                    throw UserFault("the columns are not separated by commas", "export it so")
                }
                let known = UserField.allCases.map(\.rawValue).joined(separator: ", ")
                throw UserFault("column '\(name)' is unknown", "there are \(known)")
            }
            guard !columns.contains(field) else {
                throw UserFault("column '\(field.rawValue)' stands there twice", "remove one")
            }
            columns.append(field)
        }
        guard columns.contains(.user) else {
            throw UserFault("there is no column 'user'", "add it: it names each line's user")
        }
        return columns
    }

    private static func edit(
        _ record: CSVReader.Record, _ columns: [UserField]
    ) throws(UserFault) -> UserEdit {
        guard record.fields.count == columns.count else {
            throw UserFault(
                "\(record.fields.count) fields where the head names \(columns.count)",
                "put fields with a comma in quotes, and leave empty ones in place")
        }
        var values = Dictionary(
            zip(columns, record.fields), uniquingKeysWith: { first, _ in first })
        let name = values.removeValue(forKey: .user) ?? ""
        return UserEdit(
            name: name.trimmingCharacters(in: .whitespaces), values: values, line: record.line)
    }

    private static func line(_ fields: [String]) -> String {
        fields.map(quotedIfNeeded).joined(separator: ",") + "\r\n"
    }

    private static func quotedIfNeeded(_ field: String) -> String {
        let isPlain = field.utf8.allSatisfy { octet in
            octet != UInt8(ascii: ",") && octet != UInt8(ascii: "\"") && octet >= 0x20
        }
        return isPlain ? field : "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
}
