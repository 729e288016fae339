using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace AutoProvision.Inputs;

/// <summary>
/// One YAML document's events, each looked at before anything is built from it. Readers follow aliases and hash keys: a collection that
/// holds itself would never end, and a tree of aliases as a key doubles the work with each of its levels. So no collection is a key, no
/// alias stands within its own anchor, and sizes and depth are counted as if every alias were written out. Nothing is written out for that.
/// </summary>
internal sealed class BoundedYaml : IParser
{
    private readonly Parser _parser;
    private readonly InputBudget _budget;
    private readonly Dictionary<AnchorName, Subtree> _anchors = [];
    private readonly Stack<Subtree> _open = new();
    private int _documents;

    /// <exception cref="InputLimitException"><c>too_large</c>.</exception>
    public BoundedYaml(string yaml, InputBudget budget)
    {
        budget.CheckLength(yaml);
        (_parser, _budget) = (new Parser(new StringReader(yaml)), budget);
    }

    public ParsingEvent? Current => _parser.Current;

    /// <exception cref="YamlException">It is not valid YAML, or of a form that is not taken.</exception>
    /// <exception cref="InputLimitException"><c>too_large</c> or <c>too_complex</c>.</exception>
    /// <exception cref="OperationCanceledException"/>
    public bool MoveNext()
    {
        if (!_parser.MoveNext())
            return false;
        switch (_parser.Current!)
        {
            case DocumentStart start:
                if (++_documents > 1)
                    throw Bad(start, "there is more than one document");
                break;
            case AnchorAlias alias:
                Follow(alias);
                break;
            case Scalar scalar:
                Add(scalar);
                break;
            case NodeEvent collection:
                Open(collection);
                break;
            case MappingEnd or SequenceEnd:
                Close();
                break;
        }
        return true;
    }

    private void Open(NodeEvent node)
    {
        if (StartsKey())
            throw Bad(node, "a key is a collection; only a text can be a key");
        CheckDepth(1, node);
        _budget.Spend(1, 0, node.Start.Line);
        var tree = new Subtree { IsCollection = true, IsMapping = node is MappingStart, IsOpen = true, Nodes = 1, Height = 1 };
        Name(node, tree);
        _open.Push(tree);
    }

    private void Close()
    {
        var tree = _open.Pop();
        tree.IsOpen = false;
        Put(tree);
    }

    private void Follow(AnchorAlias alias)
    {
        if (!_anchors.TryGetValue(alias.Value, out var target))
            throw Bad(alias, $"nothing is named &{alias.Value}");
        if (target.IsOpen)
            throw Bad(alias, $"*{alias.Value} stands within what it is an alias of");
        if (StartsKey() && target.IsCollection)
            throw Bad(alias, "a key is a collection; only a text can be a key");
        CheckDepth(target.Height, alias);
        _budget.Spend(target.Nodes, target.Bytes, alias.Start.Line);
        Put(target);
    }

    private void Add(Scalar scalar)
    {
        StartsKey();
        var tree = new Subtree { Nodes = 1, Bytes = Encoding.UTF8.GetByteCount(scalar.Value) };
        _budget.Spend(tree.Nodes, tree.Bytes, scalar.Start.Line);
        Name(scalar, tree);
        Put(tree);
    }

    private void Put(Subtree tree)
    {
        if (_open.TryPeek(out var parent))
            parent.Take(tree);
    }

    // A name may be given again; an alias means the last node before it that has the name.
    private void Name(NodeEvent node, Subtree tree)
    {
        if (!node.Anchor.IsEmpty)
            _anchors[node.Anchor] = tree;
    }

    // In a mapping every other node is a key.
    private bool StartsKey() => _open.TryPeek(out var parent) && parent.IsMapping && (parent.IsAtKey = !parent.IsAtKey);

    private void CheckDepth(int more, ParsingEvent at)
    {
        if (_open.Count + more > InputLimits.MostDepth)
            throw InputBudget.TooDeep(_budget.What, at.Start.Line);
    }

    private static YamlException Bad(ParsingEvent at, string why) => new(at.Start, at.End, why);

    // A node with all that is in it. No sum is ever more than the budget, which is asked first.
    private sealed class Subtree
    {
        public bool IsCollection { get; init; }

        public bool IsMapping { get; init; }

        public bool IsOpen { get; set; }

        public bool IsAtKey { get; set; }

        public int Height { get; set; }

        public long Nodes { get; set; }

        public long Bytes { get; set; }

        public void Take(Subtree child)
        {
            Nodes += child.Nodes;
            Bytes += child.Bytes;
            Height = Math.Max(Height, child.Height + 1);
        }
    }
}
