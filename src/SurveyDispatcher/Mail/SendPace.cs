namespace SurveyDispatcher.Mail;

/// <summary>Lets at most so many messages be handed over in any 60 seconds: in all, and to each recipient domain.</summary>
/// <remarks>
/// A message has its place from the moment it is let through until a minute after its dialogue ended. Whenever in between
/// the server took it, no 60 seconds see more than the limit: two halves of a minute can't add up to more either.
/// </remarks>
/// <param name="perMinute">In all; 0: no limit.</param>
/// <param name="perMinuteAndDomain">To each domain; 0: no limit.</param>
/// <param name="clock">Whose minutes they are.</param>
internal sealed class SendPace(int perMinute, int perMinuteAndDomain, TimeProvider clock)
{
    private const int ManyDomains = 10_000;

    /// <summary>A little more than a minute, for clocks that don't run quite alike.</summary>
    public static readonly TimeSpan Minute = TimeSpan.FromMilliseconds(60_100);

    private readonly Lock _lock = new();
    private readonly Window _all = new(perMinute);
    private readonly Dictionary<string, Window> _domains = new(StringComparer.OrdinalIgnoreCase);
    private TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether it limits anything.</summary>
    public bool Limits => perMinute > 0 || perMinuteAndDomain > 0;

    /// <summary>How many domains it keeps in mind.</summary>
    public int Domains
    {
        get
        {
            lock (_lock)
            {
                return _domains.Count;
            }
        }
    }

    /// <summary>Waits until one more message fits in all.</summary>
    /// <returns>false, and no place, when its domain has no room: come again when <see cref="RoomIn"/> says so.</returns>
    public async ValueTask<bool> EnterAsync(string domain, CancellationToken ct)
    {
        if (!Limits)
        {
            return true;
        }
        while (true)
        {
            Task left;
            TimeSpan wait;
            lock (_lock)
            {
                var window = WindowOf(domain);
                if (Room(window) > TimeSpan.Zero)
                {
                    return false;
                }
                wait = Room(_all);
                if (wait <= TimeSpan.Zero)
                {
                    window.Enter();
                    _all.Enter();
                    return true;
                }
                left = _left.Task;
            }
            try
            {
                await left.WaitAsync(wait, clock, ct);
            }
            catch (TimeoutException)
            {
                continue; // the oldest place is free now
            }
        }
    }

    /// <summary>A message that was let through has ended.</summary>
    /// <param name="domain">The one it came in with.</param>
    /// <param name="handedOver">false when the server surely never saw it: its place is free at once.</param>
    public void Leave(string domain, bool handedOver)
    {
        if (!Limits)
        {
            return;
        }
        lock (_lock)
        {
            var now = clock.GetTimestamp();
            _all.Leave(handedOver, now);
            WindowOf(domain).Leave(handedOver, now);
            _left.SetResult();
            _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>How long a domain has no room yet; zero: it has room now. It may have some earlier, when a message was not handed over.</summary>
    public TimeSpan RoomIn(string domain)
    {
        lock (_lock)
        {
            return Room(WindowOf(domain));
        }
    }

    /// <summary>How many more messages to a domain fit in now.</summary>
    public int Places(string domain)
    {
        if (!Limits)
        {
            return int.MaxValue;
        }
        lock (_lock)
        {
            var window = WindowOf(domain);
            return Room(window) > TimeSpan.Zero ? 0 : window.Places;
        }
    }

    /// <summary>How long a window has no room yet; zero: it has room. Never less, so that it can be waited for.</summary>
    private TimeSpan Room(Window window)
    {
        while (window.Oldest is { } oldest)
        {
            var left = Minute - clock.GetElapsedTime(oldest);
            if (left > TimeSpan.Zero)
            {
                return window.IsFull ? left : TimeSpan.Zero;
            }
            window.Forget();
        }
        return window.IsFull ? Minute : TimeSpan.Zero; // all are under way, and a minute begins when they end
    }

    private Window WindowOf(string domain)
    {
        if (_domains.TryGetValue(domain, out var known))
        {
            return known;
        }
        if (_domains.Count >= ManyDomains)
        {
            foreach (var (name, window) in _domains)
            {
                Room(window);
                if (window.IsEmpty)
                {
                    _domains.Remove(name);
                }
            }
        }
        return _domains[domain] = new(perMinuteAndDomain);
    }

    private sealed class Window(int limit)
    {
        private readonly Queue<long> _ended = new();
        private int _underWay;

        public int Places => limit == 0 ? int.MaxValue : limit - _underWay - _ended.Count;

        public bool IsFull => Places <= 0;

        public bool IsEmpty => _underWay + _ended.Count == 0;

        public long? Oldest => _ended.TryPeek(out var at) ? at : null;

        public void Enter() => _underWay++;

        public void Leave(bool handedOver, long now)
        {
            _underWay--;
            if (handedOver && limit > 0)
            {
                _ended.Enqueue(now);
            }
        }

        public void Forget() => _ended.Dequeue();
    }
}
